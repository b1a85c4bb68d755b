"""One end of a swarm of aria2, for the lan bench: `aria2.py seed FOLDER FILE PORT ADDRESS` makes the
torrent, runs the tracker that aria2 needs to find its peers, and serves; `aria2.py get FOLDER TORRENT
PORT` fetches and serves on. Says `ready` when it serves, `done` when it has everything; ends when it
is told to."""

import http.server
import signal
import socket
import subprocess
import sys
import threading
import urllib.parse

import libtorrent as lt

role, folder, what, port = sys.argv[1:5]
TRACKER_PORT = 6969
peers = set()


class Tracker(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        query = urllib.parse.parse_qs(urllib.parse.urlparse(self.path).query)
        own = socket.inet_aton(self.client_address[0]) + int(query['port'][0]).to_bytes(2, 'big')
        others = b''.join(peer for peer in peers if peer != own)
        peers.add(own)
        body = lt.bencode({b'interval': 1, b'min interval': 1, b'peers': others})
        self.send_response(200)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


if role == 'seed':
    storage = lt.file_storage()
    lt.add_files(storage, f'{folder}/{what}')
    torrent = lt.create_torrent(storage)
    torrent.add_tracker(f'http://{sys.argv[5]}:{TRACKER_PORT}/announce')
    lt.set_piece_hashes(torrent, folder)
    document = f'{folder}.torrent'
    with open(document, 'wb') as file:
        file.write(lt.bencode(torrent.generate()))
    server = http.server.ThreadingHTTPServer(('', TRACKER_PORT), Tracker)
    threading.Thread(target=server.serve_forever, daemon=True).start()
else:
    document = what

aria2 = subprocess.Popen(
    ['aria2c', '--no-conf', '--enable-dht=false', '--bt-enable-lpd=true', '--seed-ratio=0.0',
     '--file-allocation=none', '--show-console-readout=false', '--summary-interval=0',
     '--check-integrity=true', '--bt-request-peer-speed-limit=100M', '--bt-tracker-interval=1',
     '--allow-overwrite=true', f'--listen-port={port}', f'--dir={folder}', document],
    stdout=subprocess.PIPE, text=True)
signal.signal(signal.SIGTERM, lambda *_: (aria2.kill(), sys.exit(0)))
if role == 'seed':
    print('ready', flush=True)
for line in aria2.stdout:
    if role == 'get' and ('was complete' in line or 'Download complete' in line):
        print('done', flush=True)
