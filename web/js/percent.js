const format = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 0 });

/** Says a share in whole percent. */
export function percent(share) {
  return format.format(share);
}
