#!/usr/bin/env python3
"""generate_names.py [BRAND ...] >names.tsv: what dnstwist makes of brands, about 600 names each.

Without a brand: those of config/brands/ that the corpus of generated names has not. All of each
fuzzer's names up to 150, so that the two large ones do not outweigh the others. Columns: technique,
brand, name. `RMMWATCH_NAMES=names.tsv make names` prints how many of them are found.
Run it with the Python that install.sh made: ~/.cache/rmmwatch-twisters/bin/python."""
import random
import sys

import brands
import dnstwist

MOST_PER_FUZZER = 150
IN_CORPUS = set('''amazon anydesk atera bestbuy chase geeksquad logmein microsoft norton quickbooks screenconnect
splashtop webroot zohoassist'''.split())


def made(home):
    """Names by fuzzer."""
    fuzzer = dnstwist.Fuzzer(home, dictionary=brands.WORDS, tld_dictionary=list(brands.SUFFIXES))
    fuzzer.generate()
    names = {}
    for one in fuzzer.permutations():
        if one['fuzzer'] != '*original' and one['domain'] != home:
            names.setdefault(one['fuzzer'], set()).add(one['domain'])
    return names


def main():
    wanted = set(sys.argv[1:])
    print('# technique\tbrand\tname')
    for brand in brands.load():
        if not (brand.words() & wanted if wanted else not brand.words() & IN_CORPUS):
            continue
        for technique, names in sorted(made(brand.home()).items()):
            names = sorted(names)
            if len(names) > MOST_PER_FUZZER:
                names = sorted(random.Random(f'{brand.id} {technique}').sample(names, MOST_PER_FUZZER))
            for name in names:
                print(f'dnstwist:{technique}', brand.id, name, sep='\t')


if __name__ == '__main__':
    main()
