"""One end of a swarm of libtorrent, for the lan bench: `torrent.py seed FOLDER FILE PORT` makes the
torrent and serves it, `torrent.py get FOLDER TORRENT PORT HOST:PORT` fetches it and serves on. Says
`ready` when it serves, `done` when it has everything; ends when it is told to."""

import sys
import time

import libtorrent as lt

role, folder, what, port = sys.argv[1:5]
session = lt.session({
    'listen_interfaces': f'0.0.0.0:{port}',
    'enable_dht': False,
    'enable_lsd': True,
    'enable_upnp': False,
    'enable_natpmp': False,
    'allow_multiple_connections_per_ip': True,
})
if role == 'seed':
    storage = lt.file_storage()
    lt.add_files(storage, f'{folder}/{what}')
    torrent = lt.create_torrent(storage)
    lt.set_piece_hashes(torrent, folder)
    document = lt.bencode(torrent.generate())
    with open(f'{folder}.torrent', 'wb') as file:
        file.write(document)
else:
    with open(what, 'rb') as file:
        document = file.read()
handle = session.add_torrent({'ti': lt.torrent_info(lt.bdecode(document)), 'save_path': folder})
handle.unset_flags(lt.torrent_flags.auto_managed)
handle.resume()
if role == 'get':
    host, seeder = sys.argv[5].split(':')
    handle.connect_peer((host, int(seeder)))
while not handle.status().is_seeding:
    time.sleep(0.01)
print('ready' if role == 'seed' else 'done', flush=True)
while True:
    time.sleep(60)
