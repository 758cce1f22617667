// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.config;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads listeners and advertised.listeners, with the older host and port keys, from the values of a broker. */
final class ListenerSpecs {

    private static final Pattern ADDRESS = Pattern.compile("([A-Za-z0-9_.-]+)://(\\[[^\\]]*\\]|[^:/]*):(\\d{1,5})");
    private static final Set<String> PROTOCOLS = Set.of("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL");

    private final ConfigValues values;
    private final Map<String, String> protocols;
    private final Set<String> controllerNames = new HashSet<>();

    ListenerSpecs(ConfigValues values) {
        this.values = values;
        this.protocols = protocols();
        for (String name : values.listValue("controller.listener.names")) {
            controllerNames.add(name.toUpperCase(Locale.ROOT));
        }
    }

    List<ListenerSpec> listeners() {
        if (!values.isSet("listeners")) {
            return List.of(new ListenerSpec(
                    "PLAINTEXT", "PLAINTEXT", values.stringValue("host.name"), values.intValue("port")));
        }
        final List<ListenerSpec> specs = specs("listeners");
        if (specs.isEmpty()) {
            throw values.conflict("listeners", "has only listeners of a controller, a broker needs one of its own");
        }
        return specs;
    }

    List<ListenerSpec> advertised() {
        final List<ListenerSpec> listeners = listeners();
        final List<ListenerSpec> advertised = new ArrayList<>();
        if (values.isSet("advertised.listeners")) {
            for (ListenerSpec spec : specs("advertised.listeners")) {
                if (listeners.stream().noneMatch(listener -> listener.name().equals(spec.name()))) {
                    throw values.conflict("advertised.listeners", spec.name() + " is not among the listeners");
                }
                if (isWildcard(spec.host())) {
                    throw values.conflict("advertised.listeners", "a client cannot connect to " + spec);
                }
                advertised.add(spec);
            }
            return List.copyOf(advertised);
        }
        for (ListenerSpec listener : listeners) {
            final String host = values.isSet("advertised.host.name")
                    ? values.stringValue("advertised.host.name")
                    : isWildcard(listener.host()) ? localName() : listener.host();
            final int port = values.isSet("advertised.port") ? values.intValue("advertised.port") : listener.port();
            advertised.add(new ListenerSpec(listener.name(), listener.protocol(), host, port));
        }
        return List.copyOf(advertised);
    }

    private List<ListenerSpec> specs(String key) {
        final List<ListenerSpec> specs = new ArrayList<>();
        final Set<String> names = new HashSet<>();
        for (String address : values.listValue(key)) {
            final Matcher matcher = ADDRESS.matcher(address);
            if (!matcher.matches() || Integer.parseInt(matcher.group(3)) > 65535) {
                throw values.conflict(key, "not of the form NAME://HOST:PORT: " + address);
            }
            final String name = matcher.group(1).toUpperCase(Locale.ROOT);
            if (!names.add(name)) {
                throw values.conflict(key, "the name is given twice: " + name);
            }
            if (!controllerNames.contains(name)) {
                specs.add(new ListenerSpec(
                        name, protocol(key, name), host(matcher.group(2)), Integer.parseInt(matcher.group(3))));
            }
        }
        return List.copyOf(specs);
    }

    private String protocol(String key, String name) {
        final String protocol = protocols.get(name);
        if (protocol == null) {
            throw values.conflict(key, "listener.security.protocol.map has no protocol for the name " + name);
        }
        if (!protocol.equals("PLAINTEXT")) {
            throw values.conflict(key, name + " asks for " + protocol + ", only PLAINTEXT can be served");
        }
        return protocol;
    }

    private Map<String, String> protocols() {
        final String key = "listener.security.protocol.map";
        final Map<String, String> protocols = new HashMap<>();
        for (String pair : values.stringValue(key).split("\\s*,\\s*", -1)) {
            final int colon = pair.indexOf(':');
            final String protocol = pair.substring(colon + 1).trim().toUpperCase(Locale.ROOT);
            if (colon <= 0 || !PROTOCOLS.contains(protocol)) {
                throw values.conflict(key, "not of the form NAME:PROTOCOL: " + pair);
            }
            protocols.put(pair.substring(0, colon).trim().toUpperCase(Locale.ROOT), protocol);
        }
        return protocols;
    }

    private static String host(String text) {
        return text.startsWith("[") ? text.substring(1, text.length() - 1) : text;
    }

    private static boolean isWildcard(String host) {
        return host.isEmpty() || host.equals("0.0.0.0") || host.equals("::");
    }

    /** This machine's name, when it leads back to this machine; a name that nobody can resolve helps no client. */
    private static String localName() {
        try {
            return InetAddress.getLocalHost().getCanonicalHostName();
        } catch (UnknownHostException e) {
            return "localhost";
        }
    }
}
