import {
  GetEventSourceMappingCommand,
  type LambdaClient,
  ListEventSourceMappingsCommand,
  UpdateEventSourceMappingCommand,
} from '@aws-sdk/client-lambda';
import { until } from '../support/user.ts';

/** Switches the emulator's own polling for a function on or off, and waits until it is so; answers the mapping's id. */
export async function emulatorPolls(lambda: LambdaClient, FunctionName: string, Enabled: boolean): Promise<string> {
  const { EventSourceMappings = [] } = await lambda.send(new ListEventSourceMappingsCommand({ FunctionName }));
  for (const { UUID } of EventSourceMappings) {
    await lambda.send(new UpdateEventSourceMappingCommand({ UUID, Enabled }));
    await until(`the emulator ${Enabled ? 'polls' : 'does not poll'}`, async () => {
      const { State } = await lambda.send(new GetEventSourceMappingCommand({ UUID }));
      return State === (Enabled ? 'Enabled' : 'Disabled') ? true : undefined;
    });
  }
  return EventSourceMappings[0]?.UUID ?? '';
}
