// What an application does with kafkajs: administers a topic, produces, consumes in a group, finds its commits again.
'use strict';

const [bootstrap, name, modules] = process.argv.slice(2);
const { Kafka, CompressionTypes, logLevel } = require(`${modules}/kafkajs`);

const topic = `probe-${name}`;
const groupId = `probe-group-${name}`;
const RECORDS = 1000;

function check(expected, actual, what) {
  if (JSON.stringify(expected) !== JSON.stringify(actual)) {
    throw new Error(`${what}: expected=${JSON.stringify(expected)}, actual=${JSON.stringify(actual)}`);
  }
}

async function consume(kafka, wanted) {
  const consumer = kafka.consumer({ groupId });
  const values = new Map();
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await new Promise((resolve, reject) => {
    consumer.on(consumer.events.CRASH, (event) => event.payload.restart || reject(event.payload.error));
    consumer.on(consumer.events.GROUP_JOIN, () => wanted === 0 && setTimeout(resolve, 500));
    consumer
      .run({
        eachMessage: async ({ message }) => {
          values.set(message.key.toString(), message.value.toString());
          if (wanted > 0 && values.size >= wanted) resolve();
        },
      })
      .catch(reject);
  });
  await consumer.stop();
  await consumer.disconnect();
  return values;
}

async function main() {
  const kafka = new Kafka({ clientId: 'probe', brokers: [bootstrap], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: 2 }] });
  await admin.createPartitions({ topicPartitions: [{ topic, count: 3 }] });
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  check(3, topics[0].partitions.length, 'partitions');

  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  for (let i = 0; i < RECORDS; i += 100) {
    const messages = Array.from({ length: 100 }, (_, j) => ({ key: `k${i + j}`, value: `value ${i + j}` }));
    await producer.send({ topic, acks: -1, compression: i % 200 === 0 ? CompressionTypes.GZIP : CompressionTypes.None, messages });
  }
  await producer.disconnect();

  const values = await consume(kafka, RECORDS);
  for (let i = 0; i < RECORDS; i++) check(`value ${i}`, values.get(`k${i}`), `value of k${i}`);
  check(0, (await consume(kafka, 0)).size, 'records after the committed offsets');

  const offsets = await admin.fetchOffsets({ groupId, topics: [topic] });
  check(RECORDS, offsets[0].partitions.reduce((sum, p) => sum + Number(p.offset), 0), 'committed offsets');
  const { groups } = await admin.listGroups();
  check(true, groups.some((group) => group.groupId === groupId), 'group listed');
  await admin.deleteGroups([groupId]);
  await admin.deleteTopics({ topics: [topic] });
  await admin.disconnect();
  console.log('probe ok');
}

main().then(() => process.exit(0), (error) => {
  console.error(error);
  process.exit(1);
});
