/* Sends a classic capture of Ethernet frames through AF_PACKET as fast as it can, or at a pace.
 *
 *   send FILE INTERFACE CPU PACKETS_PER_SECOND PASSES     0 packets a second: as fast as it goes
 *
 * The file is read into memory first. Frames leave in batches of 64 by sendmmsg(2), past the queueing
 * discipline. In each pass after the first, the lower address of a frame is one higher and the higher one
 * lower, so that flows are new and checksums still hold. Prints packets and seconds. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 64, FRAME_MAX = 9000 };

static double now(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + (double)at.tv_nsec * 1e-9;
}

static void step(uint8_t *last, int by) {
    int value = (last[-1] << 8 | last[0]) + by;
    last[-1] = (uint8_t)(value >> 8);
    last[0] = (uint8_t)value;
}

/* The sum of both addresses stays the same, and so do the checksums over them. */
static void renew(uint8_t *frame, uint32_t length) {
    uint32_t type = 12, size;
    uint8_t *one, *two;
    if (length >= 18 && frame[12] == 0x81 && frame[13] == 0x00) type = 16;
    if (length >= type + 22 && frame[type] == 0x08 && frame[type + 1] == 0x00) {
        size = 4, one = frame + type + 14, two = one + 4;
    } else if (length >= type + 42 && frame[type] == 0x86 && frame[type + 1] == 0xDD) {
        size = 16, one = frame + type + 10, two = one + 16;
    } else {
        return;
    }
    if (memcmp(one, two, size) > 0) {
        uint8_t *other = one;
        one = two, two = other;
    }
    one += size - 1, two += size - 1;
    if ((one[-1] << 8 | one[0]) < 0xFFFE && (two[-1] << 8 | two[0]) > 1) step(one, 1), step(two, -1);
}

static struct iovec *frames_of(const char *path, size_t *count) {
    struct stat about;
    int file = open(path, O_RDONLY);
    if (file < 0 || fstat(file, &about)) return NULL;
    uint8_t *all = malloc((size_t)about.st_size);
    size_t have = 0, room = 0;
    ssize_t more;
    while (all && have < (size_t)about.st_size && (more = read(file, all + have, (size_t)about.st_size - have)) > 0)
        have += (size_t)more;
    struct iovec *frames = NULL;
    for (size_t at = 24; at + 16 <= have;) {
        uint32_t length;
        memcpy(&length, all + at + 8, 4);
        if (at + 16 + length > have) break;
        if (*count == room) {
            room = room ? room * 2 : 1 << 16;
            frames = realloc(frames, room * sizeof *frames);
            if (!frames) return NULL;
        }
        if (length <= FRAME_MAX) frames[(*count)++] = (struct iovec){all + at + 16, length};
        at += 16 + length;
    }
    return frames;
}

int main(int argc, char **argv) {
    if (argc != 6) return 2;
    size_t count = 0;
    struct iovec *frames = frames_of(argv[1], &count);
    if (!frames) return perror(argv[1]), 1;
    int cpu = atoi(argv[3]), passes = atoi(argv[5]);
    double rate = atof(argv[4]);
    if (cpu >= 0) {
        cpu_set_t set;
        CPU_ZERO(&set);
        CPU_SET(cpu, &set);
        sched_setaffinity(0, sizeof set, &set);
    }
    int out = socket(AF_PACKET, SOCK_RAW, 0), yes = 1, room = 8 << 20;
    struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(argv[2])};
    setsockopt(out, SOL_PACKET, PACKET_QDISC_BYPASS, &yes, sizeof yes);
    setsockopt(out, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room);
    if (out < 0 || bind(out, (void *)&to, sizeof to)) return perror(argv[2]), 1;
    struct mmsghdr batch[BATCH];
    memset(batch, 0, sizeof batch);
    unsigned long sent = 0;
    double spent = 0;
    for (int pass = 0; pass < passes; pass++) {
        for (size_t place = 0; pass && place < count; place++) renew(frames[place].iov_base, (uint32_t)frames[place].iov_len);
        double begun = now();
        for (size_t place = 0; place < count;) {
            unsigned size = 0, done = 0;
            for (; size < BATCH && place < count; size++, place++)
                batch[size].msg_hdr.msg_iov = frames + place, batch[size].msg_hdr.msg_iovlen = 1;
            while (done < size) {
                int went = sendmmsg(out, batch + done, size - done, 0);
                if (went > 0) done += (unsigned)went;
                else if (errno == ENOBUFS || errno == EAGAIN) sched_yield();
                else return perror("sendmmsg"), 1;
            }
            sent += size;
            while (rate > 0 && (spent + now() - begun) * rate < (double)sent) {}
        }
        spent += now() - begun;
    }
    printf("%lu %.6f\n", sent, spent);
    return 0;
}
