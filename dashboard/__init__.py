"""The dashboard role: the Dash application, the push to browsers, the HTTP API."""
