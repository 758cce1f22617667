// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.metadata;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A broker that lives.
 *
 * <p>Threading: immutable.
 *
 * @param id its number
 * @param epoch its broker epoch: transaction that created its node, so that it increases with every registration;
 *     {@link #UNREGISTERED} while it has none
 * @param endpoints where clients reach it
 * @param rack where it stands, null when nobody said
 * @param isShuttingDown whether it has said that it is about to go
 */
public record BrokerImage(int id, long epoch, List<Endpoint> endpoints, @Nullable String rack, boolean isShuttingDown) {

    /** The epoch of a broker that is not registered yet. */
    public static final long UNREGISTERED = -1;

    public BrokerImage {
        endpoints = List.copyOf(endpoints);
    }

    /** A broker that is there to stay. */
    public BrokerImage(int id, long epoch, List<Endpoint> endpoints, @Nullable String rack) {
        this(id, epoch, endpoints, rack, false);
    }

    /** A broker that is about to register. */
    public BrokerImage(int id, List<Endpoint> endpoints, @Nullable String rack) {
        this(id, UNREGISTERED, endpoints, rack);
    }

    /** This broker when it is about to go. */
    public BrokerImage shuttingDown() {
        return new BrokerImage(id, epoch, endpoints, rack, true);
    }

    /**
     * Where clients of a listener reach a broker.
     *
     * @param listener name of the listener
     * @param securityProtocol what is spoken there
     */
    public record Endpoint(String listener, String securityProtocol, String host, int port) {}

    /** The endpoint of a listener, null when the broker has none of this name. */
    public @Nullable Endpoint endpoint(String listener) {
        return endpoints.stream()
                .filter(endpoint -> endpoint.listener().equals(listener))
                .findFirst()
                .orElse(null);
    }
}
