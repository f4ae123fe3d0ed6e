"""What config/brands/ says of each brand: for the scripts that measure look-alikes."""
import pathlib
import tomllib

FOLDER = pathlib.Path(__file__).resolve().parents[2] / 'config' / 'brands'

# Words that stand beside a brand in names of fraud about support, and suffixes that such names have.
WORDS = '''access account activate activation agent alert app assist assistance billing call care cancel center chat
connect contact customer customercare desk download fix help helpdesk helpline invoice live login mail number online
pay payment phone portal pro recovery refund remote renew renewal secure security service services session setup signin
support team tech technician techsupport update verify web'''.split()
SUFFIXES = '''app art asia bar beauty best bid biz blog buzz care cam cc cf chat click cloud club co company cyou de
dev digital email expert fr fun ga global gq group help host icu in info io it life link live ltd me mobi net
network news nl one online org pl pro pw ru sbs services shop site space store support systems tech tk today top uk us
vip website wiki work world ws xyz'''.split()


def letters(text):
    return ''.join(c for c in text.lower() if c.isascii() and c.isalnum())


class Brand:
    def __init__(self, table):
        self.id = table.get('id') or letters(table['name'])
        self.kind = table.get('kind', 'unsaid')
        self.spellings = [letters(text) for text in table.get('spellings', [])] or [letters(self.id)]
        self.domains = table.get('domains', [])
        self.endings = table.get('endings', [])

    def words(self):
        return {letters(self.id), *self.spellings}

    def home(self):
        """The name that a generator begins with: a spelling's own .com, or under what else it is owned."""
        for spelling in self.spellings:
            if f'{spelling}.com' in self.domains or 'com' in self.endings:
                return f'{spelling}.com'
        own = [domain for domain in self.domains if domain.split('.')[0] in self.spellings and '.' in domain]
        return own[0] if own else f'{self.spellings[0]}.{(self.endings or ["com"])[0]}'


def load():
    brands = []
    for path in sorted(FOLDER.glob('*.toml')):
        with open(path, 'rb') as file:
            table = tomllib.load(file)
        brands += [Brand(one) for one in table.get('brand', [table])]
    return brands


class Owned:
    """Whether some brand owns a name, by its own file."""

    def __init__(self, brands):
        self.domains = {domain for brand in brands for domain in brand.domains}
        self.domains |= {f'{spelling}.{ending}' for brand in brands for spelling in brand.spellings
                         for ending in brand.endings}

    def has(self, name, registrable):
        """Whoever rents a label below a brand's name, as at its cloud, owns that label."""
        labels = name.split('.')
        above = ('.'.join(labels[at:]) for at in range(len(labels)))
        return any(name in self.domains and (len(name) >= len(registrable) or '.' not in name) for name in above)
