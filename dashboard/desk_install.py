"""What makes the pages installable: the manifest, and the service worker that keeps their last pictures."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from layouts.place import Place
from opscentre import paths


def routes(place: Place) -> list[tuple[str, Callable[[Request], Awaitable[Response]]]]:
    """The manifest and the worker; the worker's address decides that it stands before every page."""
    manifest = msgspec.json.encode(
        {
            "name": place.title,
            "short_name": place.name,
            "lang": "vi",
            "start_url": "/",
            "scope": "/",
            "display": "standalone",
            "background_color": "#0a0f15",
            "theme_color": "#0a0f15",
            "icons": [
                {"src": "/assets/icon.svg", "sizes": "any", "type": "image/svg+xml"},
                {"src": "/assets/icon-192.png", "sizes": "192x192", "type": "image/png"},
                {"src": "/assets/icon-512.png", "sizes": "512x512", "type": "image/png"},
            ],
        }
    )

    async def serve_manifest(_: Request) -> Response:
        return Response(manifest, media_type="application/manifest+json", headers={"Cache-Control": "no-cache"})

    async def worker(_: Request) -> Response:
        headers = {"Cache-Control": "no-cache"}
        return FileResponse(paths.ASSETS / "worker.js", media_type="text/javascript", headers=headers)

    return [("/manifest.webmanifest", serve_manifest), ("/worker.js", worker)]
