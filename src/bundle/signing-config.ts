import { requireFindableOrigin, urlOfOrigin } from "./origin.ts";
import { formatTime } from "./time-period.ts";
import { type NewLog } from "./trusted-log.ts";

const SIGNING_CONFIG_MEDIA_TYPE = "application/vnd.dev.sigstore.signingconfig.v0.2+json";

/** The version of Rekor's interface that assay's logs speak. */
const REKOR_API_VERSION = 2;

/**
 * JSON text of a Sigstore signing config, v0.2, that sends signatures to one log and asks nobody for certificates or
 * timestamps: what `cosign sign --signing-config` takes.
 *
 * @throws bundle/unfindable-origin
 */
export function formatSigningConfig({ origin, validFrom }: Pick<NewLog, "origin" | "validFrom">): string {
  requireFindableOrigin(origin);
  const log = {
    url: urlOfOrigin(origin),
    majorApiVersion: REKOR_API_VERSION,
    validFor: { start: formatTime(validFrom) },
    operator: origin,
  };
  const config = {
    mediaType: SIGNING_CONFIG_MEDIA_TYPE,
    caUrls: [],
    oidcUrls: [],
    rekorTlogUrls: [log],
    rekorTlogConfig: { selector: "ANY" },
    tsaUrls: [],
    tsaConfig: {},
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}
