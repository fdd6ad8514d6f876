import { Problem } from "./problem.js";
import { SignIn } from "./sign-in.js";

const PATIENCE_MS = 35_000;
const ATTEMPTS = 3;
const LONGEST_PAUSE_MS = 10_000;

/** The REST API. Every request here may be repeated safely, so that passing failures are retried. */
export class Api {
  /**
   * @param {string} url with the stage
   * @param {SignIn | null} signIn where the API wants to know who calls
   */
  constructor(url, signIn = null) {
    this.url = new URL(`${url.replace(/\/+$/, "")}/`, document.baseURI);
    this.signIn = signIn;
  }

  /** Reads where the API is from the configuration beside the page. */
  static async fromConfiguration() {
    const response = await reach("config.json", { cache: "no-cache" });
    if (!response.ok) throw new Problem("The page's configuration is missing. Deploy the page again.");
    const { apiUrl, signIn } = await response.json();
    return new Api(apiUrl, signIn ? new SignIn(signIn) : null);
  }

  /**
   * Lists one page of feedbacks, newest first.
   *
   * @param {{next?: string | null, limit?: number, fresh?: string[]}} page `next` as the page
   *   before had it, or how many, and which feedbacks must be shown as they are now
   */
  async list({ next = null, limit = 200, fresh = [] } = {}) {
    const query = new URLSearchParams({ limit });
    if (fresh.length > 0) query.set("fresh", fresh.join(","));
    const response = await this.#send("GET", next ?? `getallcontents?${query}`);
    return { feedbacks: await response.json(), next: followingPage(response) };
  }

  /** Stores a feedback; repeating it with the same key stores nothing more. */
  async enter(feedback, key) {
    const response = await this.#send("POST", "feedback", feedback, { "Idempotency-Key": key });
    return (await response.json()).ID;
  }

  /** Infers genders; one result or error per id. */
  async identify(ids) {
    const response = await this.#send("POST", "identifygender", { ids });
    return (await response.json()).results;
  }

  /** Finds out sentiments; one result or error per id. */
  async judge(ids) {
    const response = await this.#send("POST", "predictsentiment", { ids });
    return (await response.json()).results;
  }

  /** Stores what a person said; returns the feedback as it is then. */
  async correct(id, gender) {
    const response = await this.#send("PUT", `feedback/${encodeURIComponent(id)}/gender`, { gender });
    return response.json();
  }

  /** Forgets a person. One who is forgotten already is no problem. */
  async forget(id) {
    try {
      await this.#send("DELETE", `feedback/${encodeURIComponent(id)}`);
    } catch (problem) {
      if (problem.status !== 404) throw problem;
    }
  }

  /** Tells what the feedbacks say. */
  async insights() {
    const response = await this.#send("GET", "insights");
    return response.json();
  }

  async #send(method, path, body = undefined, headers = {}) {
    const request = { method, headers: { ...headers } };
    if (body !== undefined) {
      request.headers["Content-Type"] = "application/json";
      request.body = JSON.stringify(body);
    }
    for (let attempt = 1; ; attempt += 1) {
      let response = await this.#reachAs(path, request);
      if (response.status === 401 && this.signIn) {
        // The token may have been revoked, or this machine's clock be wrong.
        response = await this.#reachAs(path, request, { renew: true });
      }
      if (response.ok) return response;
      const pause = retryPause(response);
      if (pause === null || attempt === ATTEMPTS) throw await problemOf(response);
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }

  /** Reaches the API as the person who signed in, where that is asked for. */
  async #reachAs(path, request, wish = {}) {
    const headers = { ...request.headers };
    if (this.signIn) headers.Authorization = `Bearer ${await this.signIn.token(wish)}`;
    return reach(new URL(path, this.url), { ...request, headers });
  }
}

async function reach(url, request) {
  try {
    return await fetch(url, { ...request, signal: AbortSignal.timeout(PATIENCE_MS) });
  } catch (error) {
    if (error.name === "TimeoutError") {
      throw new Problem("The service takes too long to answer. Try again in a minute.");
    }
    throw new Problem(
      navigator.onLine
        ? "The service cannot be reached. Try again in a minute."
        : "You are offline. Nothing is lost: try again when you are back online.",
    );
  }
}

function retryPause(response) {
  // A conflict that passes by itself is the first attempt of this request, still under way.
  const underWay = response.status === 409 && response.headers.has("Retry-After");
  if (response.status !== 429 && response.status !== 503 && !underWay) return null;
  const seconds = Number(response.headers.get("Retry-After") ?? 2);
  return Math.min(LONGEST_PAUSE_MS, (Number.isFinite(seconds) ? seconds : 2) * 1000);
}

async function problemOf(response) {
  let message;
  try {
    message = (await response.json()).error?.message;
  } catch {
    // Something before the API answered, in a form of its own.
  }
  return new Problem(message ?? `The service answered ${response.status}.`, response.status);
}

function followingPage(response) {
  const match = /<([^>]*)>\s*;\s*rel="?next"?/.exec(response.headers.get("Link") ?? "");
  return match ? new URL(match[1], response.url).href : null;
}
