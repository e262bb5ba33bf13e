"""The dashboard role: the Dash application, push to browsers, the HTTP API."""
