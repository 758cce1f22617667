// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.varve.log.storage.Storage;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Positions kept under names, in a small file that is replaced as a whole.
 *
 * <pre>
 *   0                       version
 *   NAME POSITION           one line for each, in the order of the names
 *   crc CRC                 CRC-32C of the lines above, decimal
 * </pre>
 *
 * <p>Threading: safe.
 */
final class Cursors {

    static final int MAX_CURSORS = 10_000;
    static final int MAX_NAME_CHARS = 249;

    private static final String VERSION = "0\n";
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]{1," + MAX_NAME_CHARS + "}");
    private static final Pattern LINE = Pattern.compile("(" + NAME + ") (\\d{1,18})");

    private final Storage storage;
    private final Reserve reserve;

    @GuardedBy("this")
    private @Nullable Map<String, Long> positions;

    Cursors(Storage storage, Reserve reserve) {
        this.storage = storage;
        this.reserve = reserve;
    }

    synchronized long position(String name) {
        return loaded().getOrDefault(name, -1L);
    }

    synchronized Set<String> names() {
        return new TreeSet<>(loaded().keySet());
    }

    synchronized void commit(String name, long position) {
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException("not a name of a cursor: name=" + name + ", expected=" + NAME);
        }
        if (position < 0) {
            throw new IllegalArgumentException("out of range: position=" + position + ", smallest=0");
        }
        Map<String, Long> next = new TreeMap<>(loaded());
        next.put(name, position);
        if (next.size() > MAX_CURSORS) {
            throw new IllegalArgumentException("too many cursors: largest=" + MAX_CURSORS + "; delete one first");
        }
        save(next);
    }

    synchronized void delete(String name) {
        Map<String, Long> next = new TreeMap<>(loaded());
        if (next.remove(name) != null) {
            save(next);
        }
    }

    /** Moves the positions beyond an offset back to it. When they cannot be read they stay: who asks for one is told. */
    synchronized void moveBackTo(long offset) {
        Map<String, Long> next;
        try {
            next = new TreeMap<>(loaded());
        } catch (CorruptLogException e) {
            return;
        }
        next.replaceAll((name, position) -> Math.min(position, offset));
        if (!next.equals(positions)) {
            save(next);
        }
    }

    @GuardedBy("this")
    private void save(Map<String, Long> next) {
        StringBuilder out = new StringBuilder(VERSION);
        next.forEach((name, position) ->
                out.append(name).append(' ').append(position).append('\n'));
        String contents = out + "crc " + crc(out.toString()) + "\n";
        reserve.write(() -> LogFiles.replace(storage, LogFiles.CURSORS, contents, true));
        positions = next;
    }

    @GuardedBy("this")
    private Map<String, Long> loaded() {
        Map<String, Long> known = positions;
        if (known == null) {
            known = LogFiles.contents(storage, LogFiles.CURSORS)
                    .map(Cursors::parsed)
                    .orElseGet(TreeMap::new);
            positions = known;
        }
        return known;
    }

    private static Map<String, Long> parsed(String contents) {
        int end = contents.lastIndexOf("crc ");
        if (end < 0 || !contents.substring(end).equals("crc " + crc(contents.substring(0, end)) + "\n")) {
            throw new CorruptLogException(
                    LogFiles.CURSORS, 0, "the checksum is wrong; delete the file to begin without cursors");
        }
        TreeMap<String, Long> found = new TreeMap<>();
        contents.substring(0, end).lines().skip(1).forEach(line -> {
            var fields = LINE.matcher(line);
            if (fields.matches()) {
                found.put(fields.group(1), Long.parseLong(fields.group(2)));
            }
        });
        return found;
    }

    private static long crc(String lines) {
        CRC32C crc = new CRC32C();
        crc.update(lines.getBytes(StandardCharsets.UTF_8));
        return crc.getValue();
    }
}
