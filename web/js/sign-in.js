import { Problem } from "./problem.js";

const STATE = "sign-in";
const TOKENS = "tokens";
const SCOPES = "openid voc/api";
/** A token is renewed this long before it ends. */
const MARGIN_MS = 60_000;

/**
 * Signing in at the user pool's hosted page: authorization code with PKCE (RFC 7636).
 *
 * The tokens stay in this tab, and end with it.
 */
export class SignIn {
  #url;
  #clientId;
  #renewal = null;

  /** @param {{url: string, clientId: string}} configuration */
  constructor({ url, clientId }) {
    this.#url = url.replace(/\/+$/, "");
    this.#clientId = clientId;
  }

  /** Whether somebody is signed in, as far as this tab knows. */
  get done() {
    return sessionStorage.getItem(TOKENS) !== null;
  }

  /** Leaves for the sign-in page; it sends people back here with a code. */
  async start() {
    const verifier = randomText();
    const state = randomText();
    sessionStorage.setItem(STATE, JSON.stringify({ verifier, state }));
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
    location.assign(
      this.#address("oauth2/authorize", {
        response_type: "code",
        client_id: this.#clientId,
        redirect_uri: here(),
        scope: SCOPES,
        state,
        code_challenge: base64Url(new Uint8Array(digest)),
        code_challenge_method: "S256",
      }),
    );
  }

  /** Takes the code that the sign-in page sent, if it did, and gets tokens for it. */
  async finish() {
    const parameters = new URLSearchParams(location.search);
    if (!parameters.has("code") && !parameters.has("error")) return;
    const { verifier, state } = JSON.parse(sessionStorage.getItem(STATE) ?? "{}");
    sessionStorage.removeItem(STATE);
    history.replaceState(null, "", here());
    if (parameters.has("error") || parameters.get("state") !== state) {
      throw new Problem("Signing in did not work. Try again.");
    }
    await this.#fetchTokens({
      grant_type: "authorization_code",
      code: parameters.get("code"),
      redirect_uri: here(),
      code_verifier: verifier,
    });
  }

  /**
   * Returns an access token that still holds.
   *
   * @param {{renew?: boolean}} wish whether to renew it in any case
   */
  async token({ renew = false } = {}) {
    const tokens = JSON.parse(sessionStorage.getItem(TOKENS) ?? "null");
    if (tokens === null) throw signedOut();
    if (!renew && Date.now() < tokens.ends - MARGIN_MS) return tokens.access;
    // Requests that run side by side wait for one renewal.
    this.#renewal ??= this.#fetchTokens({
      grant_type: "refresh_token",
      refresh_token: tokens.refresh,
    }).finally(() => {
      this.#renewal = null;
    });
    return this.#renewal;
  }

  /** Forgets the tokens and leaves for the sign-in page's own end. */
  end() {
    sessionStorage.removeItem(TOKENS);
    location.assign(this.#address("logout", { client_id: this.#clientId, logout_uri: here() }));
  }

  async #fetchTokens(grant) {
    const response = await fetch(this.#address("oauth2/token"), {
      method: "POST",
      body: new URLSearchParams({ client_id: this.#clientId, ...grant }),
    }).catch(() => {
      throw new Problem("The sign-in service cannot be reached. Try again in a minute.");
    });
    if (response.status >= 500) {
      throw new Problem("The sign-in service does not answer. Try again in a minute.");
    }
    if (!response.ok) {
      sessionStorage.removeItem(TOKENS);
      throw signedOut();
    }
    const { access_token: access, refresh_token: refresh, expires_in: seconds } = await response.json();
    const tokens = { access, refresh: refresh ?? grant.refresh_token, ends: Date.now() + seconds * 1000 };
    sessionStorage.setItem(TOKENS, JSON.stringify(tokens));
    return access;
  }

  #address(path, query = {}) {
    const parameters = new URLSearchParams(query).toString();
    return `${this.#url}/${path}${parameters && `?${parameters}`}`;
  }
}

function signedOut() {
  return new Problem("Please sign in. What you typed is kept.");
}

function here() {
  return `${location.origin}/`;
}

function randomText() {
  return base64Url(crypto.getRandomValues(new Uint8Array(48)));
}

function base64Url(bytes) {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}
