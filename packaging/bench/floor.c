/* The two floors: what it costs to read a capture and do nothing with it.
 *
 *   floor pcap FILE...   libpcap's own loop, as every user of libpcap pays for it, counting
 *   floor read FILE      read(2) of 256 KiB at a time, each record's header and first line touched;
 *                        classic captures of this machine's octet order only
 *
 * Both print packets and octets. */
#include <fcntl.h>
#include <pcap/pcap.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static unsigned long packets, octets, touched;

static void count(unsigned char *user, const struct pcap_pkthdr *head, const unsigned char *data) {
    (void)user;
    packets++;
    octets += head->caplen;
    if (head->caplen) touched += data[0];
}

static int by_libpcap(const char *path) {
    char error[PCAP_ERRBUF_SIZE];
    pcap_t *in = pcap_open_offline(path, error);
    if (!in) {
        fprintf(stderr, "%s: %s\n", path, error);
        return 0;
    }
    pcap_loop(in, -1, count, NULL);
    pcap_close(in);
    return 1;
}

static int by_read(const char *path) {
    enum { PIECE = 256 << 10, RECORD_MAX = 16 + (256 << 10) };
    static uint8_t buffer[PIECE + RECORD_MAX];
    size_t have = 0, at = 0;
    ssize_t more;
    int file = open(path, O_RDONLY);
    if (file < 0 || lseek(file, 24, SEEK_SET) != 24) return 0;
    while ((more = read(file, buffer + have, PIECE)) > 0) {
        have += (size_t)more;
        while (at + 16 <= have) {
            uint32_t length;
            memcpy(&length, buffer + at + 8, 4);
            if (length > RECORD_MAX - 16) return 0;
            if (at + 16 + length > have) break;
            packets++;
            octets += length;
            if (length) touched += buffer[at + 16];
            at += 16 + length;
        }
        memmove(buffer, buffer + at, have - at);
        have -= at;
        at = 0;
    }
    close(file);
    return 1;
}

int main(int argc, char **argv) {
    int done = argc > 2;
    for (int place = 2; place < argc; place++)
        done &= strcmp(argv[1], "read") ? by_libpcap(argv[place]) : by_read(argv[place]);
    printf("%lu %lu %lu\n", packets, octets, touched);
    return done ? 0 : 1;
}
