// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.config;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The settings of a server.properties file and of the command line, as written, with their places. A later setting of a
 * key replaces an earlier one; the command line goes before the file.
 *
 * <p>Threading: immutable.
 */
public final class ServerProperties {

    private final Map<String, Setting> settings;

    private ServerProperties(Map<String, Setting> settings) {
        this.settings = settings;
    }

    /**
     * Reads a file and adds overrides.
     *
     * @param file the file, or null for none; UTF-8, or ISO-8859-1 when it is not valid UTF-8
     * @param overrides settings of the form {@code key=value}
     * @throws ConfigException when the file cannot be read or a line or an override is malformed
     */
    public static ServerProperties read(@Nullable Path file, List<String> overrides) {
        final Map<String, Setting> settings = new LinkedHashMap<>();
        if (file != null) {
            for (Setting setting : new PropertiesParser(file.toString(), text(file)).parse()) {
                settings.put(setting.name(), setting);
            }
        }
        for (String override : overrides) {
            final int separator = override.indexOf('=');
            if (separator <= 0) {
                throw ConfigException.unreadable(Origin.COMMAND_LINE, "not of the form key=value: " + override);
            }
            final String name = override.substring(0, separator).trim();
            settings.put(name, new Setting(name, override.substring(separator + 1), Origin.COMMAND_LINE));
        }
        return new ServerProperties(settings);
    }

    /** Settings by name, in the order of the file. */
    public Collection<Setting> settings() {
        return settings.values();
    }

    private static String text(Path file) {
        final byte[] bytes;
        try {
            bytes = Files.readAllBytes(file);
        } catch (NoSuchFileException e) {
            throw ConfigException.unreadable(new Origin(file.toString(), 0), "no such file");
        } catch (IOException e) {
            throw ConfigException.unreadable(new Origin(file.toString(), 0), "cannot be read: " + e.getMessage());
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            return new String(bytes, StandardCharsets.ISO_8859_1);
        }
    }
}
