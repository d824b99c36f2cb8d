"""The web page and the service: `freefill serve`."""
