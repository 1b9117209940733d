/** The name under which a backend's forecasts are stored, given that or another name that it answers to; an unknown one stays as it is. */
export function backendNamed(name: string, backends: readonly { readonly name: string; readonly aliases: readonly string[] }[]): string {
  return backends.find((one) => one.name === name || one.aliases.includes(name))?.name ?? name;
}
