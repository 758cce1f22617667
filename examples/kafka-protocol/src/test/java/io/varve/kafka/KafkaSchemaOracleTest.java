// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.kafka.message.Messages;
import java.nio.ByteBuffer;
import java.util.function.Supplier;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.types.Schema;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every message in every version, beginning with bytes that neither side's classes made: Kafka's class and ours find the same in
 * each field, and write the same bytes again. The bytes hold nulls wherever the version allows them, values at the edges of their
 * types, and unknown tagged fields at every depth.
 */
class KafkaSchemaOracleTest {

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void shouldReadAndWriteWhatKafkaDoes(long seed) throws ReflectiveOperationException {
        int compared = 0;
        KafkaBytes random = new KafkaBytes(seed);
        for (Supplier<ApiMessage> kind : Messages.all()) {
            ApiMessage empty = kind.get();
            for (short version = empty.oldestVersion(); version <= empty.latestVersion(); version++) {
                compare(kind.get(), version, random);
                compared++;
            }
        }
        // As many as there are messages times versions; a loop over nothing would pass.
        assertThat(compared).isGreaterThan(400);
    }

    private static void compare(ApiMessage ours, short version, KafkaBytes random) throws ReflectiveOperationException {
        String where = ours.getClass().getSimpleName() + " version " + version;
        org.apache.kafka.common.protocol.ApiMessage theirs = KafkaOracleTest.kafka(ours);
        Schema[] schemas = (Schema[]) theirs.getClass().getField("SCHEMAS").get(null);
        byte[] bytes = random.of(schemas[version]);

        theirs.read(new ByteBufferAccessor(ByteBuffer.wrap(bytes)), version);
        MessageReader reader = new MessageReader(ByteBuffer.wrap(bytes));
        ours.read(reader, version);

        assertThat(reader.remaining()).as("bytes left, %s", where).isZero();
        KafkaOracleTest.compareFields(ours, theirs, where);
        // Not the bytes that were read: a known tagged field that holds its default is left out again.
        assertThat(KafkaOracleTest.bytes(ours, version)).as(where).isEqualTo(KafkaOracleTest.array(theirs, version));
    }
}
