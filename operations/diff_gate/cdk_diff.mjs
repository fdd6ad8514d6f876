// CDK's own comparison of pairs of templates, in one process, as data.
//
// Standard input: [{"name", "base": template or null, "head": template or null}, ...]
// Standard output: one answer per pair, in the same order.
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { formatDifferences, formatSecurityChanges, fullDiff } from "@aws-cdk/cloudformation-diff";

const NOT_RESOURCES = ["conditions", "mappings", "metadata", "outputs", "parameters", "unknown"];

function changedNames(difference) {
  const sections = NOT_RESOURCES.filter((name) => difference[name].differenceCount > 0);
  const attributes = ["awsTemplateFormatVersion", "description", "transform"];
  return [...sections, ...attributes.filter((name) => difference[name]?.isDifferent)];
}

function resourceChange(change) {
  const properties = Object.entries(change.propertyUpdates);
  return {
    impact: change.changeImpact,
    type: change.newResourceType ?? change.oldResourceType,
    properties: Object.fromEntries(properties.map(([name, { changeImpact }]) => [name, changeImpact])),
    attributes: Object.keys(change.otherChanges),
  };
}

function asText(difference, format) {
  const stream = new PassThrough();
  const whole = text(stream);
  format(stream, difference);
  stream.end();
  return whole;
}

async function compare({ name, base, head }) {
  const difference = fullDiff(base ?? {}, head ?? {});
  const { iamChanges, securityGroupChanges } = difference;
  return {
    name,
    resources: Object.fromEntries(
      Object.entries(difference.resources.changes).map(([id, change]) => [id, resourceChange(change)]),
    ),
    elsewhere: changedNames(difference),
    managed_policies: iamChanges.managedPolicies.additions.map(
      ({ identityArn, managedPolicyArn }) => `${managedPolicyArn} attached to ${identityArn}`,
    ),
    identity_center: ["ssoPermissionSets", "ssoAssignments", "ssoInstanceACAConfigs"].some(
      (kind) => iamChanges[kind].additions.length > 0,
    ),
    network_rules: [...securityGroupChanges.ingress.additions, ...securityGroupChanges.egress.additions].map(
      (rule) => `${rule.groupId}: ${rule.describeProtocol()} ${rule.describePeer()}`,
    ),
    text: difference.isEmpty ? "" : await asText(difference, formatDifferences),
    security_text: difference.permissionsAnyChanges ? await asText(difference, formatSecurityChanges) : "",
  };
}

const pairs = JSON.parse(await text(process.stdin));
const answers = [];
for (const pair of pairs) answers.push(await compare(pair));
process.stdout.write(JSON.stringify(answers));
