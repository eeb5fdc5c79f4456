import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Validations } from 'aws-cdk-lib/core';
import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, it } from 'vitest';
import { kinds, makeApp } from './synth.ts';

/** What the pack finds: rule and construct. */
const findings = (pack: AwsSolutionsChecks, app: ReturnType<typeof makeApp>['app']) =>
  pack
    .validateScope(app)
    .violations.flatMap(({ ruleName, violatingResources }) =>
      violatingResources.map(({ constructPath }) => ({ rule: ruleName, path: constructPath ?? '' })),
    );

/** The pack as if nothing had been acknowledged. */
const deafPack = (): AwsSolutionsChecks => Object.assign(new AwsSolutionsChecks(), { isAcknowledged: () => false });

describe.each(kinds)('on target %s', (kind) => {
  const { app } = makeApp(kind, { validated: true });
  const { directory } = app.synth();

  it('CloudFormation’s rules, as CDK checks them, are kept', () => {
    const report = JSON.parse(readFileSync(join(directory, 'validation-report.json'), 'utf8'));
    expect(report.pluginReports).toEqual([]);
  });

  it('cdk-nag’s AwsSolutions pack finds nothing that is not acknowledged', () => {
    expect(findings(new AwsSolutionsChecks(), app)).toEqual([]);
  });

  it('each acknowledgement is used, and gives a reason', () => {
    const found = findings(deafPack(), app);
    const given = app.node.findAll().flatMap(({ node }) =>
      node.metadata
        .filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
        .flatMap(({ data }) => Object.entries(data as Record<string, string>))
        .map(([id, reason]) => ({ rule: id.replace(/^annotation::/i, ''), reason, path: node.path })),
    );
    expect(given.length).toBeGreaterThan(0);
    const unused = given.filter(
      ({ rule, path }) => !found.some((each) => each.rule === rule && `${each.path}/`.startsWith(`${path}/`)),
    );
    expect(unused).toEqual([]);
    expect(given.filter(({ reason }) => reason.length < 20)).toEqual([]);
  });
});
