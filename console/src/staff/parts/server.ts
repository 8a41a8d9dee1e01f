// How a command in a terminal reaches this server. Browsers know that every name under `localhost` is this machine; many terminals do not.
export function serverUrl(): string {
  return window.location.origin.replace(/\/\/[^:/]+\.localhost(?=:|$)/, "//127.0.0.1");
}
