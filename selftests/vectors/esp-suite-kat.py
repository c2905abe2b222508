#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Write esp-suite-kat.txt: ESP packets of the suites that no document has
packets of, put together from OpenSSL's primitives. Keys and texts come out of
SHA-256 of their names, so that a second run writes the same file."""
import hashlib
import hmac
import struct
import sys

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

INTEG = {2: ("sha1", 20, 12), 12: ("sha256", 32, 16),
         13: ("sha384", 48, 24), 14: ("sha512", 64, 32)}
NAMES = {12: "ENCR_AES_CBC", 20: "ENCR_AES_GCM_16", 30: "ENCR_AES_GCM_16_IIV",
         31: "ENCR_CHACHA20_POLY1305_IIV", 28: "ENCR_CHACHA20_POLY1305"}
RFC = {12: "RFC 3602, RFC 4303 3.3.2", 20: "RFC 4106",
       30: "RFC 8750 4", 31: "RFC 8750 4", 28: "RFC 7634"}


def cbc(key, iv, text):
    e = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    return e.update(text) + e.finalize()


def mac(name, key, data):
    return hmac.new(key, data, name).digest()


def believe():
    """The primitives against what their documents print."""
    h = bytes.fromhex
    # RFC 3602 4, case 1
    assert cbc(h("06a9214036b8a15b512e03d534120006"),
               h("3dafba429d9eb430b422da802c9fac41"),
               b"Single block msg") == h("e353779c1079aeb82708942dbe77181a")
    # RFC 2202 3 case 2, RFC 4231 4.3
    jefe, what = b"Jefe", b"what do ya want for nothing?"
    assert mac("sha1", jefe, what).hex().startswith("effcdf6ae5eb2fa2d274")
    assert mac("sha256", jefe, what).hex().startswith("5bdcc146bf60754e6a04")
    assert mac("sha384", jefe, what).hex().startswith("af45d2e376484031617f")
    assert mac("sha512", jefe, what).hex().startswith("164b7a7bfcf819e2e395")


def noise(name, octets):
    out = b""
    while len(out) < octets:
        out += hashlib.sha256(f"{name} {len(out)}".encode()).digest()
    return out[:octets]


def text(name, octets, align):
    """RFC 4303 2.4: padding 1, 2, 3, its length, next header 4"""
    pad = -(octets + 2) % align
    return (noise(name + " text", octets) + bytes(range(1, pad + 1)) +
            bytes([pad, 4]))


def packet(encr, key_len, integ, esn, octets):
    hash_name, integ_len, icv_len = INTEG.get(integ, ("", 0, 16))
    name = f"{NAMES[encr][5:].lower()}-{8 * key_len}"
    name += f"-{hash_name}" if integ else ""
    name += f"-{'esn' if esn else 'noesn'}-{octets}"
    seq = 0x0000000500000007 if esn else 7
    spi = 0x1a2b3c4d
    low, high = struct.pack(">I", seq & 0xffffffff), struct.pack(">I", seq >> 32)
    head = struct.pack(">I", spi) + low
    key = noise(name + " key", key_len)
    out = {"name": name, "class": "derived", "source": RFC[encr],
           "alg": f"{NAMES[encr]} (transform ID {encr})", "encr": encr,
           "integ": integ, "esn": int(esn), "key": key.hex()}
    if integ:
        integ_key = noise(name + " integ", integ_len)
        iv = noise(name + " iv", 16)
        plain = text(name, octets, 16)
        body = cbc(key, iv, plain)
        icv = mac(hash_name, integ_key,
                  head + iv + body + (high if esn else b""))[:icv_len]
        out["integ_key"] = integ_key.hex()
    else:
        salt = noise(name + " salt", 4)
        implicit = struct.pack(">Q", seq)
        iv = b"" if encr >= 30 else noise(name + " iv", 8)
        plain = text(name, octets, 4)
        aead = (ChaCha20Poly1305 if encr in (28, 31) else AESGCM)(key)
        aad = head[:4] + (high if esn else b"") + low
        sealed = aead.encrypt(salt + (iv or implicit), plain, aad)
        body, icv = sealed[:-16], sealed[-16:]
        out["salt"] = salt.hex()
    out.update(spi=f"{spi:08x}", seq=f"{seq:016x}" if esn else f"{seq:08x}",
               iv=iv.hex(), plaintext=plain.hex(),
               esp_packet=(head + iv + body + icv).hex())
    return out


def main():
    believe()
    print("# ESP packets of AES-CBC with HMAC, of AES-GCM with 192 bits and of "
          "implicit IVs.\n"
          "# Made by esp-suite-kat.py with OpenSSL; format of "
          "esp-ike-kat.txt.\n"
          "# class = derived: no official vector, an independent second "
          "implementation to disagree with.\n"
          "# iv is empty where it is implicit: it is not in esp_packet.\n")
    todo = [(12, k, i) for k in (16, 24, 32) for i in INTEG]
    todo += [(20, 24, 0), (31, 32, 0)] + [(30, k, 0) for k in (16, 24, 32)]
    for encr, key_len, integ in todo:
        for esn, octets in ((False, 84), (True, 84), (True, 45)):
            for key, value in packet(encr, key_len, integ, esn,
                                     octets).items():
                print(f"{key} = {value}".rstrip())
            print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
