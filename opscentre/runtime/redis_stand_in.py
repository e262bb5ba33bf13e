"""``python -m opscentre.runtime.redis_stand_in PORT``: fakeredis' TCP server, where no Redis can be had."""

from __future__ import annotations

import sys

from fakeredis import TcpFakeServer

from opscentre.runtime.role import begin

if __name__ == "__main__":
    begin("redis")
    TcpFakeServer(("127.0.0.1", int(sys.argv[1])), server_type="redis").serve_forever()
