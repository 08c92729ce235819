"""The meeting room in the browser: anybody with the address reads; whoever shares is captioned."""
