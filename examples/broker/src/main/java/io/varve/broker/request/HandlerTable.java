// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.request;

import io.varve.kafka.message.ApiKey;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The handlers of a broker, one per API; what is in the table is what clients are told.
 *
 * <p>Threading: immutable.
 */
public final class HandlerTable {

    private final Map<ApiKey, ApiHandler<?, ?>> handlers = new EnumMap<>(ApiKey.class);

    public HandlerTable(List<ApiHandler<?, ?>> handlers) {
        for (ApiHandler<?, ?> handler : handlers) {
            if (this.handlers.put(handler.api(), handler) != null) {
                throw new IllegalArgumentException("two handlers for one API: api=" + handler.api());
            }
        }
    }

    /** The handler of an API, null when it is not served. */
    public @Nullable ApiHandler<?, ?> find(ApiKey api) {
        return handlers.get(api);
    }

    /** All handlers, in the order of their APIs. */
    public Collection<ApiHandler<?, ?>> all() {
        return Collections.unmodifiableCollection(handlers.values());
    }
}
