// The exchange's word for somebody who stands before it: a compact EdDSA JWS by a key made here.
import { generateKeyPairSync, type KeyObject, randomUUID, sign } from "node:crypto";

const KID = "pictures";
const LIFE_S = 60;

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

export class Exchange {
  private readonly secret: KeyObject;
  /** Its line in venue.toml. */
  readonly line: string;

  constructor() {
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    this.secret = privateKey;
    this.line = `"${KID}" = "${publicKey.export({ format: "jwk" }).x ?? ""}"`;
  }

  /** This person of this customer has just signed in with it, with a second factor. */
  assertion(audience: string, customer: string, person: string): string {
    const now = Math.floor(Date.now() / 1_000);
    const claims = {
      aud: audience,
      iat: now,
      exp: now + LIFE_S,
      auth_time: now,
      jti: randomUUID(),
      sub: customer,
      person,
      role: "owner",
      amr: ["totp"],
    };
    const signed = `${part({ alg: "EdDSA", kid: KID, typ: "JWT" })}.${part(claims)}`;
    return `${signed}.${sign(null, Buffer.from(signed), this.secret).toString("base64url")}`;
  }
}
