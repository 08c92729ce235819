"""The way to the fake: a certificate authority of its own, and names that lead to loopback."""

import datetime
import ipaddress
import socket
import ssl
import tempfile
from functools import cache
from pathlib import Path

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NAMES = (
    "discord.com",
    "*.discord.com",
    "*.discord.gg",
    "cdn.discordapp.com",
    "media.discordapp.net",
    "*.discord.media",
    "localhost",
)
"""The hosts that the certificate is good for."""


class Authority:
    """One self-made authority with one server certificate. `authority()` gives the process's own."""

    def __init__(self) -> None:
        now = datetime.datetime.now(datetime.UTC)
        days = datetime.timedelta(days=2)
        key, name = ec.generate_private_key(ec.SECP256R1()), _name("Fake Discord CA")
        root = (
            x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - days)
            .not_valid_after(now + days)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(sign=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )
        leaf_key = ec.generate_private_key(ec.SECP256R1())
        names: list[x509.GeneralName] = [x509.DNSName(host) for host in NAMES]
        names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
        leaf = (
            x509.CertificateBuilder(
                name, _name("discord.com"), leaf_key.public_key(), x509.random_serial_number()
            )
            .not_valid_before(now - days)
            .not_valid_after(now + days)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(sign=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False
            )
            .sign(key, hashes.SHA256())
        )
        self.pem = root.public_bytes(serialization.Encoding.PEM).decode()
        """The authority's certificate: what a client of another process has to trust."""
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        """For whoever serves one of NAMES."""
        with tempfile.TemporaryDirectory() as folder:
            chain = Path(folder) / "chain.pem"
            chain.write_bytes(
                leaf_key.private_bytes(
                    serialization.Encoding.PEM,
                    serialization.PrivateFormat.PKCS8,
                    serialization.NoEncryption(),
                )
                + leaf.public_bytes(serialization.Encoding.PEM)
            )
            self.server.load_cert_chain(chain)
        self.client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        """Trusts this authority and nobody else."""
        self.client.load_verify_locations(cadata=self.pem)


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _usage(*, sign: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=sign,
        crl_sign=sign,
        encipher_only=False,
        decipher_only=False,
    )


@cache
def authority() -> Authority:
    """The process's own authority: made once, because keys take time."""
    return Authority()


class Doors(AbstractResolver):
    """Which port of loopback stands for which host of Discord's. A host without a door does not exist."""

    def __init__(self, front: int) -> None:
        self.front = front
        """Where REST, the gateway and the files are: every name that has no door of its own."""
        self.own: dict[str, int] = {}
        """Hosts with another port, such as voice servers: host → port."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        door = self.own.get(host)
        if door is None:
            if not host.endswith(("discord.com", ".discord.gg", "discordapp.com", "discordapp.net")):
                raise OSError(None, f"a test tried to reach {host}")
            door = self.front
        return [
            ResolveResult(hostname=host, host="127.0.0.1", port=door, family=socket.AF_INET, proto=0, flags=0)
        ]

    async def close(self) -> None:
        """Nothing to give back."""


def connector(doors: Doors) -> aiohttp.TCPConnector:
    """For `discord.Client(connector=…)`: reaches the fake and nothing else."""
    return aiohttp.TCPConnector(resolver=doors, ssl=authority().client, limit=0)
