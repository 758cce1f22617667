// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.disk;

import io.varve.log.CorruptLogException;
import io.varve.log.storage.Storage;
import io.varve.log.storage.StorageFile;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * A small file of lines {@code key=value}, the last of which is the checksum of those before it. It is replaced as a whole: after a crash it
 * is the old one or the new one.
 */
final class CheckedFile {

    private static final String CHECKSUM = "crc32c=";
    private static final int MAX_BYTES = 4096;

    private CheckedFile() {}

    static void replace(Storage storage, String name, Map<String, String> values) {
        StringBuilder lines = new StringBuilder();
        values.forEach(
                (key, value) -> lines.append(key).append('=').append(value).append('\n'));
        String checksum = checksum(lines.toString());
        lines.append(CHECKSUM).append(checksum).append('\n');
        String temporary = name + ".tmp";
        try (StorageFile file = storage.open(temporary)) {
            file.truncate(0);
            file.write(ByteBuffer.wrap(lines.toString().getBytes(StandardCharsets.UTF_8)), 0);
            file.force();
        }
        storage.rename(temporary, name);
        storage.force();
    }

    /** The values, null when there is no such file. */
    static @Nullable Map<String, String> read(Storage storage, String name) {
        if (!storage.exists(name)) {
            return null;
        }
        String text = text(storage, name);
        int end = text.lastIndexOf(CHECKSUM);
        if (end < 0 || !text.substring(end).equals(CHECKSUM + checksum(text.substring(0, end)) + "\n")) {
            throw new CorruptLogException(name, 0, "the checksum does not match");
        }
        Map<String, String> values = new LinkedHashMap<>();
        for (String line : text.substring(0, end).split("\n", -1)) {
            int equals = line.indexOf('=');
            if (equals > 0) {
                values.put(line.substring(0, equals), line.substring(equals + 1));
            }
        }
        return values;
    }

    private static String text(Storage storage, String name) {
        try (StorageFile file = storage.open(name)) {
            ByteBuffer bytes = ByteBuffer.allocate((int) Math.min(file.sizeBytes(), MAX_BYTES));
            file.read(bytes, 0);
            return StandardCharsets.UTF_8.decode(bytes.flip()).toString();
        }
    }

    private static String checksum(String lines) {
        CRC32C crc = new CRC32C();
        crc.update(lines.getBytes(StandardCharsets.UTF_8));
        return String.format("%08x", crc.getValue());
    }
}
