// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.kafka.generator;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The sources that are about all messages. */
final class ApiSource {

    private static final int API_VERSIONS = 18;

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
        out.line("import java.util.function.Supplier;");
        out.line("import org.jspecify.annotations.Nullable;");
        out.line("");
        out.line("/** The APIs of Kafka's protocol, in the order of their keys. */");
        out.open("public enum ApiKey {");
        apis.forEach((key, api) -> {
            Specification request = api.request();
            Specification response = api.response();
            if (request == null || response == null) {
                throw new IllegalStateException("an API needs a request and a response: key=" + key);
            }
            int latest = request.versions().highest() - (api.latestUnstable() ? 1 : 0);
            // The response to ApiVersions is read by clients that do not know yet what the broker speaks (KIP-511).
            int flexibleResponse = key == API_VERSIONS ? Short.MAX_VALUE : since(response.flexible());
            out.line(
                    "%s((short) %d, (short) %d, (short) %d, (short) %d, (short) %d, %s::new, %s::new),",
                    MessageSource.constant(request.name()),
                    key,
                    request.versions().lowest(),
                    latest,
                    since(request.flexible()),
                    flexibleResponse,
                    request.name(),
                    response.name());
        });
        out.line(";");
        out.line("");
        for (String field : List.of(
                "short id",
                "short oldestVersion",
                "short latestVersion",
                "short flexibleRequestSince",
                "short flexibleResponseSince",
                "Supplier<ApiMessage> request",
                "Supplier<ApiMessage> response")) {
            out.line("private final %s;", field);
        }
        out.line("");
        out.line("ApiKey(");
        out.line("        short id,");
        out.line("        short oldestVersion,");
        out.line("        short latestVersion,");
        out.line("        short flexibleRequestSince,");
        out.line("        short flexibleResponseSince,");
        out.line("        Supplier<ApiMessage> request,");
        out.open("        Supplier<ApiMessage> response) {");
        for (String field : List.of(
                "id",
                "oldestVersion",
                "latestVersion",
                "flexibleRequestSince",
                "flexibleResponseSince",
                "request",
                "response")) {
            out.line("this.%1$s = %1$s;", field);
        }
        out.close("}");
        accessor(out, "The number on the wire.", "short id()", "id");
        accessor(out, "The oldest version that exists, inclusive.", "short oldestVersion()", "oldestVersion");
        accessor(out, "The latest stable version, inclusive.", "short latestVersion()", "latestVersion");
        accessor(out, "An empty request.", "ApiMessage newRequest()", "request.get()");
        accessor(out, "An empty response.", "ApiMessage newResponse()", "response.get()");
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
        return flexible.isEmpty() ? Short.MAX_VALUE : flexible.lowest();
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
