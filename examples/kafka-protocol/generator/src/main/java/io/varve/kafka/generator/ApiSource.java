// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.kafka.generator;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The sources that are about all messages. */
final class ApiSource {

    private static final int API_VERSIONS = 18;
    private static final int NEVER = Short.MAX_VALUE + 1;

    private ApiSource() {}

    /** The two messages of an API. */
    record Api(@Nullable Specification request, @Nullable Specification response, boolean latestUnstable) {

        Api withRequest(Specification message, boolean unstable) {
            return new Api(message, response, unstable);
        }

        Api withResponse(Specification message) {
            return new Api(request, message, latestUnstable);
        }
    }

    static String apiKey(Map<Integer, Api> apis) {
        SourceWriter out = new SourceWriter();
        out.line("package %s;", MessageSource.PACKAGE);
        out.line("");
        out.line("import io.varve.kafka.ApiMessage;");
        out.line("import org.jspecify.annotations.Nullable;");
        out.line("");
        out.line("/**");
        out.line(
                " * The APIs of Kafka's protocol that have a version today, in the order of their keys. Keys 4 to 7 are retired:");
        out.line(
                " * {@link #of} gives null for them, and header version 0, which only ControlledShutdown had, went with them.");
        out.line(" *");
        out.line(" * <p>Threading: immutable.");
        out.line(" */");
        out.open("public enum ApiKey {");
        apis.forEach((key, api) -> {
            Specification request = api.request();
            Specification response = api.response();
            if (request == null || response == null) {
                throw new IllegalStateException("an API needs a request and a response: key=" + key);
            }
            int latest = request.versions().highest() - (api.latestUnstable() ? 1 : 0);
            // The response to ApiVersions is read by clients that do not know yet what the broker speaks (KIP-511).
            int flexibleResponse = key == API_VERSIONS ? NEVER : since(response.flexible());
            out.line(
                    "%s(%d, %d, %d, %d, %d),",
                    MessageSource.constant(request.name()),
                    key,
                    request.versions().lowest(),
                    latest,
                    since(request.flexible()),
                    flexibleResponse);
        });
        out.line(";");
        out.line("");
        for (String field : List.of(
                "short id",
                "short oldestVersion",
                "short latestVersion",
                "int flexibleRequestSince",
                "int flexibleResponseSince")) {
            out.line("private final %s;", field);
        }
        out.line("");
        out.open(
                "ApiKey(int id, int oldestVersion, int latestVersion, int flexibleRequestSince, int flexibleResponseSince) {");
        for (String field : List.of("id", "oldestVersion", "latestVersion")) {
            out.line("this.%1$s = (short) %1$s;", field);
        }
        for (String field : List.of("flexibleRequestSince", "flexibleResponseSince")) {
            out.line("this.%1$s = %1$s;", field);
        }
        out.close("}");
        accessor(out, "The number on the wire.", "short id()", "id");
        accessor(out, "The oldest version that exists, inclusive.", "short oldestVersion()", "oldestVersion");
        accessor(out, "The latest stable version, inclusive.", "short latestVersion()", "latestVersion");
        maker(out, "request", apis, Api::request);
        maker(out, "response", apis, Api::response);
        accessor(
                out,
                "The version of the header of a request of this version.",
                "short requestHeaderVersion(short version)",
                "(short) (version >= flexibleRequestSince ? 2 : 1)");
        accessor(
                out,
                "The version of the header of a response of this version.",
                "short responseHeaderVersion(short version)",
                "(short) (version >= flexibleResponseSince ? 1 : 0)");
        out.line("");
        out.line("private static final @Nullable ApiKey[] BY_ID = byId();");
        out.line("");
        out.open("private static @Nullable ApiKey[] byId() {");
        out.line(
                "@Nullable ApiKey[] keys = new ApiKey[%d];",
                apis.keySet().stream().max(Integer::compare).orElse(0) + 1);
        out.open("for (ApiKey key : values()) {");
        out.line("keys[key.id] = key;");
        out.close("}");
        out.line("return keys;");
        out.close("}");
        out.line("");
        out.line("/** The API with this number, null when there is none. */");
        out.open("public static @Nullable ApiKey of(short id) {");
        out.line("return id < 0 || id >= BY_ID.length ? null : BY_ID[id];");
        out.close("}");
        out.close("}");
        return out.text();
    }

    private static int since(Versions flexible) {
        return flexible.isEmpty() ? NEVER : flexible.lowest();
    }

    /** A switch and not a table of constructor references, each of which would cost start-up time whether it is used or not. */
    private static void maker(
            SourceWriter out, String what, Map<Integer, Api> apis, Function<Api, @Nullable Specification> message) {
        out.line("");
        out.line("/** An empty %s. */", what);
        out.open("public ApiMessage new%s() {", what.substring(0, 1).toUpperCase(Locale.ROOT) + what.substring(1));
        out.open("return switch (this) {");
        for (Api api : apis.values()) {
            String name = Objects.requireNonNull(message.apply(api)).name();
            out.line("case %s -> new %s();", MessageSource.constant(name), name);
        }
        out.close("};");
        out.close("}");
    }

    private static void accessor(SourceWriter out, String doc, String signature, String value) {
        out.line("");
        out.line("/** %s */", doc);
        out.open("public %s {", signature);
        out.line("return %s;", value);
        out.close("}");
    }

    static String messages(List<String> names) {
        SourceWriter out = new SourceWriter();
        out.line("package %s;", MessageSource.PACKAGE);
        out.line("");
        out.line("import io.varve.kafka.ApiMessage;");
        out.line("import java.util.List;");
        out.line("import java.util.function.Supplier;");
        out.line("");
        out.line("/** All messages that were generated. */");
        out.open("public final class Messages {");
        out.line("");
        out.line("private Messages() {}");
        out.line("");
        out.line("/** One maker of empty messages for every kind, in the order of the names. */");
        out.open("public static List<Supplier<ApiMessage>> all() {");
        out.line("return List.of(");
        for (int i = 0; i < names.size(); i++) {
            out.line("        %s::new%s", names.get(i), i == names.size() - 1 ? ");" : ",");
        }
        out.close("}");
        out.close("}");
        return out.text();
    }

    static String packageInfo() {
        return """
                /**
                 * Kafka's messages, generated from its specifications.
                 */
                @NullMarked
                package %s;

                import org.jspecify.annotations.NullMarked;
                """
                .formatted(MessageSource.PACKAGE);
    }
}
