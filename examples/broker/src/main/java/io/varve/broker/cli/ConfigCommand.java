// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import static io.varve.broker.cli.Printer.object;

import io.varve.broker.config.ConfigDescription;
import io.varve.broker.config.ConfigKey;
import io.varve.broker.config.ConfigRegistry;
import io.varve.broker.config.ConfigSynonym;
import io.varve.broker.config.ConfigValues;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * {@code varve config ...}: explains the configuration, from the registry that also checks it.
 *
 * <p>Threading: confined to the command's thread.
 */
@Command(name = "config", description = "Explain the configuration.", synopsisSubcommandLabel = "COMMAND")
final class ConfigCommand {

    private final Streams streams;

    ConfigCommand(Streams streams) {
        this.streams = streams;
    }

    @Command(
            name = "explain",
            description =
                    "Show what a key means, its default and range, its value in a file and where that comes from.")
    int explain(
            @Mixin ClientOptions options,
            @Parameters(paramLabel = "KEY", arity = "0..1", description = "A key of a broker or topic. Default: all.")
                    @Nullable
                    String key,
            @Option(names = "--file", paramLabel = "FILE", description = "The server.properties file to look in.")
                    @Nullable
                    Path file,
            @Option(names = "--set", paramLabel = "KEY=VALUE", description = "As for the broker; may be repeated.")
                    @Nullable
                    List<String> overrides) {
        final ConfigValues broker = ConfigValues.load(file, overrides == null ? List.of() : overrides);
        final List<ConfigValues> scopes = List.of(broker, broker.forTopic(Map.of()));
        if (key == null) {
            explainAll(options, scopes);
            return 0;
        }
        final List<Map<String, Object>> found = new ArrayList<>();
        for (ConfigValues values : scopes) {
            final Map<String, Object> explained = explained(values, key);
            if (explained != null) {
                found.add(explained);
                if (!options.isJson()) {
                    print(explained, found.size() > 1);
                }
            }
        }
        if (found.isEmpty()) {
            throw unknown(key);
        }
        if (options.isJson()) {
            Printer.json(streams.out(), found.size() == 1 ? found.get(0) : found);
        }
        return 0;
    }

    private void explainAll(ClientOptions options, List<ConfigValues> scopes) {
        final List<Map<String, Object>> all = new ArrayList<>();
        final List<List<String>> rows = new ArrayList<>();
        for (ConfigValues values : scopes) {
            for (ConfigKey key : values.registry().keys()) {
                final Map<String, Object> explained = explained(values, key.name());
                if (explained != null) {
                    all.add(explained);
                    rows.add(List.of(
                            String.valueOf(explained.get("scope")),
                            key.name(),
                            text(explained.get("value")),
                            key.noEffectReason() == null ? key.meaning() : "No effect: " + key.noEffectReason() + "."));
                }
            }
        }
        if (options.isJson()) {
            Printer.json(streams.out(), all);
        } else {
            Printer.table(streams.out(), List.of("scope", "key", "value", "meaning"), rows);
        }
    }

    private static @Nullable Map<String, Object> explained(ConfigValues values, String name) {
        final ConfigRegistry registry = values.registry();
        final String scope = registry == ConfigRegistry.topic() ? "topic" : "broker";
        final ConfigKey key = registry.find(name);
        if (key == null) {
            final String reason = registry.ignoredReason(name);
            return reason == null ? null : object("key", name, "scope", scope, "effect", false, "reason", reason);
        }
        final ConfigDescription described = values.describe(name);
        final ConfigDescription.Candidate source = described.candidates().get(0);
        final Object origin = values.origin(source.name());
        final ConfigDescription byDefault = emptyView(registry).describe(name);
        return object(
                "key", name,
                "scope", scope,
                "effect", key.noEffectReason() == null,
                "reason", key.noEffectReason(),
                "value", described.value(),
                "origin", origin == null ? "default" : source.name() + " at " + origin,
                "type", key.type().label(),
                "default", byDefault.value(),
                "range", key.range(),
                "update", key.update().label(),
                "synonyms", key.synonyms().stream().map(ConfigSynonym::name).toList(),
                "replacement", key.replacement(),
                "meaning", key.meaning(),
                "advice", key.advice());
    }

    private static ConfigValues emptyView(ConfigRegistry registry) {
        final ConfigValues empty = ConfigValues.of(Map.of());
        return registry == ConfigRegistry.topic() ? empty.forTopic(Map.of()) : empty;
    }

    private void print(Map<String, Object> explained, boolean separated) {
        final PrintStream out = streams.out();
        if (separated) {
            out.println();
        }
        out.println(explained.get("key") + " (" + explained.get("scope") + ")");
        if (explained.get("reason") != null) {
            out.println("  No effect: " + explained.get("reason") + ".");
        }
        if (explained.get("meaning") == null) {
            return;
        }
        out.println("  " + explained.get("meaning"));
        out.println("  " + explained.get("advice"));
        line(out, "value", text(explained.get("value")) + " (" + explained.get("origin") + ")");
        line(out, "default", text(explained.get("default")));
        line(out, "type", explained.get("type") + range(String.valueOf(explained.get("range"))));
        line(out, "changed", String.valueOf(explained.get("update")));
        if (explained.get("synonyms") instanceof List<?> synonyms && !synonyms.isEmpty()) {
            line(out, "else", text(synonyms).replaceAll("[\\[\\]]", ""));
        }
        if (explained.get("replacement") != null) {
            line(out, "instead", text(explained.get("replacement")));
        }
    }

    private static void line(PrintStream out, String name, String value) {
        out.println("  " + name + " ".repeat(9 - name.length()) + value);
    }

    private static String range(String range) {
        return range.isEmpty() ? "" : ", " + range;
    }

    private static String text(@Nullable Object value) {
        return value == null ? "none" : value.toString();
    }

    private static CommandFailure unknown(String key) {
        final String broker = ConfigRegistry.broker().nearest(key);
        final String nearest = broker == null ? ConfigRegistry.topic().nearest(key) : broker;
        return new CommandFailure(
                "UNKNOWN_KEY", "unknown key: " + key + (nearest == null ? "" : ", nearest known key: " + nearest));
    }
}
