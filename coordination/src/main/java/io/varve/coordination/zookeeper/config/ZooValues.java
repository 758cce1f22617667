// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.zookeeper.config;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The values of a file by their keys. A key that stands there twice has its last value, as in ZooKeeper; that is noticed.
 *
 * <p>Threading: confined to the caller's thread.
 */
final class ZooValues {

    private final String file;
    private final List<Setting> lines;
    private final Map<String, Setting> settings = new LinkedHashMap<>();
    private final List<String> notices;

    ZooValues(String file, List<Setting> lines, List<String> notices) {
        this.file = file;
        this.lines = lines;
        this.notices = notices;
        for (Setting line : lines) {
            if (settings.put(line.key(), line) != null && !line.key().startsWith("server.")) {
                notice(line.key(), "it stands there more than once, and this line is the one that counts");
            }
        }
    }

    @Nullable
    Setting setting(String key) {
        return settings.get(key);
    }

    List<Setting> startingWith(String prefix) {
        return lines.stream()
                .filter(setting -> setting.key().startsWith(prefix))
                .toList();
    }

    @Nullable
    String text(String key) {
        final Setting setting = settings.get(key);
        return setting == null ? null : setting.value();
    }

    /** Both bounds are inclusive; the default need not be within them. */
    int number(String key, int defaultValue, int least, int most) {
        final Setting setting = settings.get(key);
        if (setting == null) {
            return defaultValue;
        }
        try {
            final String text = setting.value();
            final int number = text.startsWith("0x") ? Integer.decode(text) : Integer.parseInt(text);
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw bad(key, "write a whole number from " + least + " to " + most);
    }

    boolean bool(String key, boolean defaultValue) {
        final String text = text(key);
        if (text == null) {
            return defaultValue;
        }
        return switch (text.toLowerCase(Locale.ROOT)) {
            case "true" -> true;
            case "false" -> false;
            default -> throw bad(key, "write true or false");
        };
    }

    String require(String key, String reason) {
        final String text = text(key);
        if (text == null || text.isEmpty()) {
            throw missing(key, reason);
        }
        return text;
    }

    ZooConfigException missing(String what, String todo) {
        return new ZooConfigException(file, 0, what + " is missing: " + todo);
    }

    /** What is wrong with a key that is there. */
    ZooConfigException bad(String key, String problem) {
        final Setting setting = settings.get(key);
        if (setting == null) {
            throw new IllegalArgumentException("no such key: name=" + key);
        }
        return new ZooConfigException(setting, problem);
    }

    void notice(String key, String text) {
        final Setting setting = settings.get(key);
        final int line = setting == null ? 0 : setting.line();
        notices.add(file + ":" + line + ": " + key + ": " + text);
    }
}
