// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.zookeeper.config;

import java.io.IOException;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;

/**
 * Reads the syntax of a .properties file, which zoo.cfg has, and keeps the line of each key. What a key and a value are is left to
 * {@link Properties}, which is given one logical line at a time.
 */
final class SettingLines {

    private SettingLines() {}

    static List<Setting> parse(String file, String text) {
        final List<Setting> settings = new ArrayList<>();
        final String[] lines = text.split("\r\n|\r|\n", -1);
        for (int i = 0; i < lines.length; i++) {
            final int first = i;
            final StringBuilder logical = new StringBuilder(lines[i]);
            while (!isComment(lines[first]) && isContinued(lines[i]) && i + 1 < lines.length) {
                i++;
                logical.append('\n').append(lines[i]);
            }
            add(settings, file, first + 1, logical.toString());
        }
        return settings;
    }

    private static void add(List<Setting> settings, String file, int line, String logical) {
        final Properties properties = new Properties();
        try {
            properties.load(new StringReader(logical));
        } catch (IllegalArgumentException e) {
            throw new ZooConfigException(
                    file, line, "a \\u is not followed by four hexadecimal digits; write \\\\ for one \\");
        } catch (IOException e) {
            throw new IllegalStateException("a text cannot fail to be read", e);
        }
        for (String key : properties.stringPropertyNames()) {
            settings.add(new Setting(key.trim(), properties.getProperty(key).trim(), file, line));
        }
    }

    private static boolean isComment(String line) {
        final String start = line.stripLeading();
        return start.startsWith("#") || start.startsWith("!");
    }

    /** An odd number of backslashes at the end. */
    private static boolean isContinued(String line) {
        int backslashes = 0;
        while (backslashes < line.length() && line.charAt(line.length() - 1 - backslashes) == '\\') {
            backslashes++;
        }
        return backslashes % 2 == 1;
    }
}
