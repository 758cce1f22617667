// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.kafka.message.ApiKey;
import io.varve.kafka.message.Messages;
import java.io.IOException;
import java.lang.reflect.Field;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.MessageUtil;
import org.apache.kafka.common.protocol.types.RawTaggedField;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every message in every version: Kafka's classes read what ours write and find the same in each field, and the reverse. */
class KafkaOracleTest {

    private static final int SEEDS = 4;

    @ParameterizedTest
    @EnumSource(RandomMessage.Style.class)
    void shouldAgreeWithKafka(RandomMessage.Style style) throws ReflectiveOperationException {
        int compared = 0;
        for (Supplier<ApiMessage> kind : Messages.all()) {
            ApiMessage empty = kind.get();
            for (short version = empty.oldestVersion(); version <= empty.latestVersion(); version++) {
                for (long seed = 0; seed < (style == RandomMessage.Style.DEFAULTS ? 1 : SEEDS); seed++) {
                    compare(new RandomMessage(seed, style).fill(kind.get(), version), version, seed);
                    compared++;
                }
            }
        }
        assertThat(compared).isGreaterThan(600);
    }

    @Test
    void shouldKeepUnknownTaggedFields() throws ReflectiveOperationException {
        int kept = 0;
        for (Supplier<ApiMessage> kind : Messages.all()) {
            short version = kind.get().latestVersion();
            ApiMessage ours = kind.get();
            try {
                Field unknown = ours.getClass().getDeclaredField("unknownTaggedFields");
                unknown.setAccessible(true);
                unknown.set(
                        ours,
                        List.of(
                                new TaggedField(10_000, ByteBuffer.wrap(new byte[] {1, 2})),
                                new TaggedField(10_001, ByteBuffer.allocate(0))));
                byte[] written = bytes(ours, version);
                org.apache.kafka.common.protocol.ApiMessage theirs = kafka(ours);
                theirs.read(new ByteBufferAccessor(ByteBuffer.wrap(written)), version);
                assertThat(theirs.unknownTaggedFields()).hasSize(2);
                assertThat(array(theirs, version)).isEqualTo(written);
                ApiMessage read = kind.get();
                read.read(new MessageReader(ByteBuffer.wrap(written)), version);
                assertThat(read).isEqualTo(ours);
                kept++;
            } catch (IllegalArgumentException e) {
                // The latest version of the message is not flexible.
                assertThat(e).hasMessageContaining("unknownTaggedFields");
            } catch (NullPointerException e) {
                throw new AssertionError(ours.getClass().getName(), e);
            }
        }
        assertThat(kept).isGreaterThan(150);
    }

    @Test
    void shouldKnowTheSameApis() {
        for (ApiKeys theirs : ApiKeys.values()) {
            ApiKey ours = ApiKey.of(theirs.id);
            if (!theirs.hasValidVersion()) {
                assertThat(ours).as(theirs.name()).isNull();
                continue;
            }
            assertThat(ours).as(theirs.name()).isNotNull();
            assertThat(ours.name()).isEqualTo(theirs.name());
            assertThat(ours.oldestVersion()).as(theirs.name()).isEqualTo(theirs.messageType.lowestSupportedVersion());
            assertThat(ours.latestVersion())
                    .as(theirs.name())
                    .isEqualTo(theirs.messageType.highestSupportedVersion(false));
            for (short version = ours.oldestVersion(); version <= ours.latestVersion(); version++) {
                assertThat(ours.requestHeaderVersion(version)).isEqualTo(theirs.requestHeaderVersion(version));
                assertThat(ours.responseHeaderVersion(version)).isEqualTo(theirs.responseHeaderVersion(version));
            }
        }
        assertThat(ApiKey.of((short) -1)).isNull();
        assertThat(ApiKey.of(Short.MAX_VALUE)).isNull();
    }

    /** Fails when an upgrade of kafka-clients brings or removes specifications: look at each before you change the number. */
    @Test
    void shouldKnowHowManySpecificationsThereAre() throws IOException {
        URI jar = URI.create(
                "jar:" + ApiKeys.class.getProtectionDomain().getCodeSource().getLocation());
        try (FileSystem files = FileSystems.newFileSystem(jar, Map.of());
                Stream<Path> specifications = Files.list(files.getPath("common/message"))) {
            assertThat(specifications.filter(file -> file.toString().endsWith(".json")))
                    .hasSize(203);
        }
        assertThat(Messages.all()).hasSize(195);
        assertThat(ApiKey.values()).hasSize(91);
    }

    private static void compare(ApiMessage ours, short version, long seed) throws ReflectiveOperationException {
        String where = ours.getClass().getSimpleName() + " version " + version + " seed " + seed;
        byte[] written = bytes(ours, version);

        org.apache.kafka.common.protocol.ApiMessage theirs = kafka(ours);
        ByteBuffer unread = ByteBuffer.wrap(written);
        theirs.read(new ByteBufferAccessor(unread), version);
        assertThat(unread.hasRemaining()).as("bytes left, %s", where).isFalse();
        byte[] rewritten = array(theirs, version);
        assertThat(rewritten).as(where).isEqualTo(written);

        ApiMessage read = ours.getClass().getDeclaredConstructor().newInstance();
        MessageReader reader = new MessageReader(ByteBuffer.wrap(rewritten));
        read.read(reader, version);
        assertThat(reader.remaining()).as("bytes left, %s", where).isZero();
        assertThat(bytes(read, version)).as(where).isEqualTo(written);
        compareFields(read, theirs, where);
    }

    static byte[] bytes(ApiMessage message, short version) {
        MessageWriter writer = new MessageWriter(1);
        message.write(writer, version);
        int size = writer.sizeBytes();
        byte[] bytes = writer.toBuffer().array();
        assertThat(bytes).hasSize(size);
        return bytes;
    }

    static byte[] array(org.apache.kafka.common.protocol.ApiMessage theirs, short version) {
        ByteBuffer buffer = MessageUtil.toByteBufferAccessor(theirs, version).buffer();
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return bytes;
    }

    static org.apache.kafka.common.protocol.ApiMessage kafka(ApiMessage ours) throws ReflectiveOperationException {
        String name = "org.apache.kafka.common.message." + ours.getClass().getSimpleName();
        Class<?> type;
        try {
            type = Class.forName(name + "Data");
        } catch (ClassNotFoundException e) {
            type = Class.forName(name);
        }
        return (org.apache.kafka.common.protocol.ApiMessage)
                type.getDeclaredConstructor().newInstance();
    }

    static void compareFields(Object ours, Object theirs, String where) throws ReflectiveOperationException {
        for (Field field : RandomMessage.fields(ours.getClass())) {
            String name = field.getName();
            Object their = theirs.getClass().getMethod(name).invoke(theirs);
            compareValues(field.get(ours), their, where + " " + name);
        }
    }

    private static void compareValues(Object ours, Object theirs, String where) throws ReflectiveOperationException {
        if (ours == null || theirs == null) {
            assertThat(ours).as(where).isEqualTo(theirs);
        } else if (ours instanceof List<?> list) {
            Collection<?> their = (Collection<?>) theirs;
            assertThat(list).as(where).hasSameSizeAs(their);
            Iterator<?> elements = their.iterator();
            for (Object element : list) {
                compareValues(element, elements.next(), where);
            }
        } else if (ours instanceof UUID uuid) {
            Uuid their = (Uuid) theirs;
            assertThat(uuid.getMostSignificantBits()).as(where).isEqualTo(their.getMostSignificantBits());
            assertThat(uuid.getLeastSignificantBits()).as(where).isEqualTo(their.getLeastSignificantBits());
        } else if (ours instanceof ByteBuffer buffer) {
            ByteBuffer their = theirs instanceof byte[] array ? ByteBuffer.wrap(array) : (ByteBuffer) theirs;
            assertThat(buffer).as(where).isEqualTo(their);
        } else if (ours instanceof RecordBytes.InMemory records) {
            assertThat(records.buffer()).as(where).isEqualTo(((MemoryRecords) theirs).buffer());
        } else if (ours instanceof TaggedField field) {
            RawTaggedField their = (RawTaggedField) theirs;
            assertThat(field.tag()).as(where).isEqualTo(their.tag());
            assertThat(field.data()).as(where).isEqualTo(ByteBuffer.wrap(their.data()));
        } else if (ours.getClass().getName().startsWith("io.varve.kafka.message")) {
            compareFields(ours, theirs, where);
        } else {
            assertThat(ours).as(where).isEqualTo(theirs);
        }
    }
}
