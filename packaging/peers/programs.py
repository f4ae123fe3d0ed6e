"""How each program is asked, in one place."""
import os
import shutil

HERE = os.path.dirname(os.path.abspath(__file__))
OURS = os.environ.get('RMMWATCH', os.path.join(HERE, '../../target/release/rmmwatch'))


def suricata(folder, eve):
    """The command that writes the names of {f} to the file `eve`."""
    config = os.path.join(folder, 'suricata.yaml')
    with open(os.path.join(HERE, 'suricata.yaml')) as text, open(config, 'w') as out:
        out.write(text.read().replace('EVE', eve))
    return f'suricata -c {config} -S /dev/null --runmode single -k none -r {{f}} -l {folder}'


def installed(command):
    return shutil.which(command.split()[0]) is not None
