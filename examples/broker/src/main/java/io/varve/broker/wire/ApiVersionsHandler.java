// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.wire;

import io.varve.broker.request.ApiHandler;
import io.varve.broker.request.ErrorCode;
import io.varve.broker.request.HandlerTable;
import io.varve.broker.request.Reply;
import io.varve.broker.request.RequestContext;
import io.varve.kafka.message.ApiKey;
import io.varve.kafka.message.ApiVersionsRequest;
import io.varve.kafka.message.ApiVersionsResponse;
import io.varve.kafka.message.ApiVersionsResponse.ApiVersion;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/**
 * Tells clients which APIs and versions are served: what is in the handler table.
 *
 * <p>Threading: safe.
 */
public final class ApiVersionsHandler implements ApiHandler<ApiVersionsRequest, ApiVersionsResponse> {

    private static final short CLIENT_SOFTWARE_SINCE = 3;
    private static final Pattern CLIENT_SOFTWARE = Pattern.compile("[a-zA-Z0-9](?:[a-zA-Z0-9\\-.]*[a-zA-Z0-9])?");

    private final Supplier<HandlerTable> table;

    public ApiVersionsHandler(Supplier<HandlerTable> table) {
        this.table = table;
    }

    @Override
    public ApiKey api() {
        return ApiKey.API_VERSIONS;
    }

    @Override
    public void handle(RequestContext context, ApiVersionsRequest request, Reply<ApiVersionsResponse> reply) {
        boolean named = context.version() < CLIENT_SOFTWARE_SINCE
                || (CLIENT_SOFTWARE.matcher(request.clientSoftwareName()).matches()
                        && CLIENT_SOFTWARE
                                .matcher(request.clientSoftwareVersion())
                                .matches());
        if (!named) {
            reply.send(new ApiVersionsResponse().errorCode(ErrorCode.INVALID_REQUEST.code()));
            return;
        }
        List<ApiVersion> versions = new ArrayList<>();
        table.get().all().forEach(handler -> versions.add(version(handler)));
        reply.send(new ApiVersionsResponse().apiKeys(versions));
    }

    private static ApiVersion version(ApiHandler<?, ?> handler) {
        return new ApiVersion()
                .apiKey(handler.api().id())
                .minVersion(handler.oldestVersion())
                .maxVersion(handler.latestVersion());
    }

    /** The answer to a version that is not served: in version 0, which every client reads, and with the range that is (KIP-511). */
    static ApiVersionsResponse unsupportedVersion(ApiHandler<?, ?> handler) {
        return new ApiVersionsResponse()
                .errorCode(ErrorCode.UNSUPPORTED_VERSION.code())
                .apiKeys(List.of(version(handler)));
    }
}
