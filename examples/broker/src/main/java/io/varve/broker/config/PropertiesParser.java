// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.config;

import java.util.ArrayList;
import java.util.List;

/**
 * Reads the syntax of Java .properties files and keeps the line of each key. Comments, continued lines, escapes and the
 * three separators are those of {@link java.util.Properties}.
 *
 * <p>Threading: confined to the caller's thread.
 */
final class PropertiesParser {

    private final String file;
    private final String text;
    private int at;
    private int line = 1;

    PropertiesParser(String file, String text) {
        this.file = file;
        this.text = text;
    }

    List<Setting> parse() {
        final List<Setting> settings = new ArrayList<>();
        while (at < text.length()) {
            skipBlanks();
            if (at == text.length()) {
                break;
            }
            final char first = text.charAt(at);
            if (isLineEnd(first)) {
                passLineEnd();
            } else if (first == '#' || first == '!') {
                skipComment();
            } else if (first == '\\' && at + 1 < text.length() && isLineEnd(text.charAt(at + 1))) {
                at++; // the continuation of nothing
            } else {
                settings.add(readSetting());
            }
        }
        return settings;
    }

    private Setting readSetting() {
        final Origin origin = new Origin(file, line);
        final String name = readUntil(true);
        skipBlanksAndContinuations();
        if (at < text.length() && (text.charAt(at) == '=' || text.charAt(at) == ':')) {
            at++;
            skipBlanksAndContinuations();
        }
        return new Setting(name, readUntil(false), origin);
    }

    /** Reads a key, up to a separator, or a value, up to the end of the logical line; undoes the escapes. */
    private String readUntil(boolean key) {
        final StringBuilder word = new StringBuilder();
        while (at < text.length()) {
            final char c = text.charAt(at);
            if (isLineEnd(c) || (key && (c == '=' || c == ':' || isBlank(c)))) {
                break;
            }
            at++;
            if (c != '\\') {
                word.append(c);
            } else if (at < text.length() && isLineEnd(text.charAt(at))) {
                passLineEnd();
                skipBlanks();
            } else if (at < text.length()) {
                word.append(readEscape());
            }
        }
        return word.toString();
    }

    private char readEscape() {
        final char c = text.charAt(at++);
        return switch (c) {
            case 't' -> '\t';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 'f' -> '\f';
            case 'u' -> readUnicode();
            default -> c;
        };
    }

    private char readUnicode() {
        int value = 0;
        for (int i = 0; i < 4; i++) {
            final int digit = at < text.length() ? Character.digit(text.charAt(at), 16) : -1;
            if (digit < 0) {
                throw ConfigException.unreadable(new Origin(file, line), "malformed \\uxxxx escape");
            }
            value = value << 4 | digit;
            at++;
        }
        return (char) value;
    }

    private void skipComment() {
        while (at < text.length() && !isLineEnd(text.charAt(at))) {
            at++;
        }
    }

    private void skipBlanks() {
        while (at < text.length() && isBlank(text.charAt(at))) {
            at++;
        }
    }

    /** Between a key and its value a line may be continued, too. */
    private void skipBlanksAndContinuations() {
        skipBlanks();
        while (at + 1 < text.length() && text.charAt(at) == '\\' && isLineEnd(text.charAt(at + 1))) {
            at++;
            passLineEnd();
            skipBlanks();
        }
    }

    private void passLineEnd() {
        if (text.charAt(at) == '\r' && at + 1 < text.length() && text.charAt(at + 1) == '\n') {
            at++;
        }
        at++;
        line++;
    }

    private static boolean isBlank(char c) {
        return c == ' ' || c == '\t' || c == '\f';
    }

    private static boolean isLineEnd(char c) {
        return c == '\n' || c == '\r';
    }
}
