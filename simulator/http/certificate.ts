// Makes a self-signed certificate, so that clients that insist on wss can be tried. Node.js can read certificates, but not
// make them; the few structures of ASN.1 that one needs are here (X.509: RFC 5280; DER: ITU-T X.690).

import { createHash, generateKeyPairSync, randomBytes, sign, X509Certificate } from "node:crypto";

/** A certificate and its private key, PEM. */
export interface TlsPair {
  cert: string;
  key: string;
}

const DAY_MS = 24 * 3600_000;
const VALID_DAYS = 30;

/** One DER element. @param tag its identifier octet @param content its content octets, joined */
function der(tag: number, ...content: Buffer[]) {
  const body = Buffer.concat(content);
  const { length } = body;
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), body]);
}

const bytes = (hex: string) => Buffer.from(hex, "hex");
const sequence = (...items: Buffer[]) => der(0x30, ...items);
const octets = (...content: Buffer[]) => der(0x04, ...content);
const bits = (content: Buffer, unused = 0) => der(0x03, Buffer.from([unused]), content);
/** Seconds of a UTCTime, such as 261124180830Z. */
const utcTime = (ms: number) =>
  der(0x17, Buffer.from(`${new Date(ms).toISOString().slice(2, 19).replace(/[-:T]/g, "")}Z`));

const TRUE = bytes("0101ff");
const ecdsaWithSha256 = sequence(bytes("06082a8648ce3d040302"));
const commonName = bytes("0603550403");
const subjectKeyIdentifier = bytes("0603551d0e");
const keyUsage = bytes("0603551d0f");
const subjectAltName = bytes("0603551d11");
const basicConstraints = bytes("0603551d13");

/**
 * Makes a certificate for 127.0.0.1 and localhost with a new key (ECDSA, P-256), valid for 30 days. It is its own
 * authority: a client trusts it by adding it to its authorities.
 * @param now ms since 1970
 */
export function selfSignedPair(now = Date.now()): TlsPair {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const spki = publicKey.export({ type: "spki", format: "der" });
  const name = sequence(der(0x31, sequence(commonName, der(0x0c, Buffer.from("Gemini Live simulator")))));
  // Positive and without leading zeros, as DER requires.
  const serial = der(0x02, Buffer.from([0x40]), randomBytes(15));
  const keyId = createHash("sha1").update(spki).digest();
  const altNames = sequence(der(0x87, Buffer.from([127, 0, 0, 1])), der(0x82, Buffer.from("localhost")));
  // Authorities must mark their purpose as critical, or strict clients such as Python 3.13 refuse them.
  const extensions = sequence(
    sequence(basicConstraints, TRUE, octets(sequence(TRUE))),
    // digitalSignature and keyCertSign
    sequence(keyUsage, TRUE, octets(bits(Buffer.from([0x84]), 2))),
    sequence(subjectKeyIdentifier, octets(octets(keyId))),
    sequence(subjectAltName, octets(altNames)),
  );
  const content = sequence(
    der(0xa0, bytes("020102")), // version 3
    serial,
    ecdsaWithSha256,
    name,
    sequence(utcTime(now - DAY_MS), utcTime(now + VALID_DAYS * DAY_MS)),
    name,
    spki,
    der(0xa3, extensions),
  );
  const certificate = sequence(content, ecdsaWithSha256, bits(sign("sha256", content, privateKey)));
  return {
    cert: new X509Certificate(certificate).toString(),
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}
