"""Lists, catalogues and brands of any length, always alike; each gives the words that make our program read them."""


def indicators(folder, count):
    """A list of so many reported names and addresses."""
    path = folder / f'list-{count}.txt'
    with open(path, 'w') as out:
        for n in range(count):
            mixed = (n * 0x9e3779b97f4a7c15 & (1 << 64) - 1) >> 20
            ip = 0x30000000 + n
            out.write(f'{ip >> 24}.{ip >> 16 & 255}.{ip >> 8 & 255}.{ip & 255}\n' if n % 10 == 0
                      else f'{mixed & 0xfffffff:x}-login.{("com", "net", "top", "xyz")[n % 4]}\n')
    return f'--feed {path}'


def word(n):
    """Six letters that no other number has."""
    letters = 'bcdfghklmnprstvz', 'aeiou'
    out = ''
    for place in range(8):
        of = letters[place % 2]
        out += of[(n + 7 * place) % len(of)]
        n //= len(of)
    return out


def tools(folder, count):
    """A catalogue of so many tools beside the built-in ones."""
    place = folder / f'tools-{count}'
    place.mkdir(exist_ok=True)
    for n in range(count):
        name = word(n)
        (place / f'x{name}.toml').write_text(f"""id = "x{name}"
name = "Tool {name}"
hosting = "vendor"
[[names]]
suffix = "{name}-remote.com"
role = "relay"
specificity = "specific"
source = "made"
checked = 2026-11-21
[[names]]
pattern = '^r[0-9]+\\.{name}-relay\\.net$'
role = "relay"
specificity = "specific"
source = "made"
checked = 2026-11-21
[[user_agents]]
glob = "{name.capitalize()}Agent*"
role = "api"
specificity = "specific"
source = "made"
checked = 2026-11-21
[[files]]
names = ["{name}-setup.exe"]
role = "download"
specificity = "specific"
source = "made"
checked = 2026-11-21
""")
    return f'--catalogue {place}'


def brands(folder, count):
    """So many brands beside the built-in ones."""
    place = folder / f'brands-{count}'
    place.mkdir(exist_ok=True)
    for n in range(count):
        name = word(n * 37 + 11)
        (place / f'x{name}.toml').write_text(
            f'id = "x{name}"\nname = "{name.capitalize()}"\nkind = "invented"\ndomains = ["{name}.com", "{name}.net"]\n')
    settings = folder / f'brands-{count}.toml'
    settings.write_text(f'[knowledge]\nbrands = "{place}"\n')
    return f'--config {settings}'
