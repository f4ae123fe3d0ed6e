/* Counts packets and octets through libpcap and does nothing else: the least that its users pay. */
#include <pcap/pcap.h>
#include <stdio.h>

int main(int argc, char **argv) {
    char error[PCAP_ERRBUF_SIZE];
    pcap_t *capture = argc > 1 ? pcap_open_offline(argv[1], error) : NULL;
    struct pcap_pkthdr *head;
    const u_char *octets;
    unsigned long packets = 0, length = 0;
    if (!capture) return 1;
    while (pcap_next_ex(capture, &head, &octets) == 1) { packets++; length += head->caplen; }
    printf("%lu %lu\n", packets, length);
    return 0;
}
