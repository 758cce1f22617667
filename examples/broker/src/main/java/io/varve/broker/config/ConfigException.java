// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.config;

import org.jspecify.annotations.Nullable;

/** The configuration is wrong and the broker does not start; the message is one line that says where and what to do. */
public final class ConfigException extends RuntimeException {

    /** What is wrong. */
    public enum Reason {
        /** No such key. */
        UNKNOWN_KEY,
        /** The value is not of the key's type or range. */
        BAD_VALUE,
        /** Two settings contradict each other, or one asks for something that is not there. */
        CONFLICT,
        /** The file cannot be read or is not in the syntax of a .properties file. */
        UNREADABLE
    }

    private final Reason reason;
    private final @Nullable Origin origin;
    private final @Nullable String key;
    private final @Nullable String nearestKey;

    private ConfigException(
            Reason reason, @Nullable Origin origin, @Nullable String key, @Nullable String nearestKey, String message) {
        super(origin == null ? message : origin + ": " + message);
        this.reason = reason;
        this.origin = origin;
        this.key = key;
        this.nearestKey = nearestKey;
    }

    static ConfigException unknownKey(Setting setting, @Nullable String nearestKey) {
        final String hint = nearestKey == null ? "" : ", nearest known key: " + nearestKey;
        return new ConfigException(
                Reason.UNKNOWN_KEY,
                setting.origin(),
                setting.name(),
                nearestKey,
                "unknown key: " + setting.name() + hint);
    }

    static ConfigException badValue(Setting setting, String problem) {
        return new ConfigException(
                Reason.BAD_VALUE,
                setting.origin(),
                setting.name(),
                null,
                "bad value: " + setting.name() + "=" + setting.value() + ", " + problem);
    }

    /** What two settings, or a setting and the machine, disagree about. */
    public static ConfigException conflict(@Nullable Origin origin, String key, String problem) {
        return new ConfigException(Reason.CONFLICT, origin, key, null, key + ": " + problem);
    }

    static ConfigException unreadable(Origin origin, String problem) {
        return new ConfigException(Reason.UNREADABLE, origin, null, null, problem);
    }

    /** What is wrong. */
    public Reason reason() {
        return reason;
    }

    /** The file, or null when the setting came from the command line or from no place at all. */
    public @Nullable String file() {
        return origin == null ? null : origin.file();
    }

    /** The line in the file, from 1; 0 when there is none. */
    public int line() {
        return origin == null ? 0 : origin.line();
    }

    /** The key, or null when the file as a whole is wrong. */
    public @Nullable String key() {
        return key;
    }

    /** The known key most like an unknown one, or null. */
    public @Nullable String nearestKey() {
        return nearestKey;
    }
}
