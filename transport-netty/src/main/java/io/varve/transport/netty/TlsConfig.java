// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.transport.netty;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * How connections are secured, for both ends. Files may be PKCS12, JKS or PEM; which it is, is seen by their first bytes. They are read
 * when the listener or the transport is opened, and not again.
 *
 * <p>Threading: immutable.
 */
public final class TlsConfig {

    /** Whether a listener asks its clients who they are. */
    public enum ClientAuthentication {
        /** It does not ask. */
        NONE,
        /** It asks, and takes no answer for one; a certificate that is shown must be trusted. */
        WANT,
        /** Who shows no certificate that is trusted is turned away; with TLS 1.3 a client hears of it after its end is open. */
        NEED
    }

    private final Optional<Path> keyStore;
    private final String keyStorePassword;
    private final String keyPassword;
    private final Optional<Path> trustStore;
    private final String trustStorePassword;
    private final ClientAuthentication clientAuthentication;
    private final boolean verifiesHostName;
    private final List<String> protocols;
    private final List<String> cipherSuites;
    private final long handshakeTimeoutMs;

    private TlsConfig(Builder builder) {
        this.keyStore = builder.keyStore;
        this.keyStorePassword = builder.keyStorePassword;
        this.keyPassword = builder.keyPassword;
        this.trustStore = builder.trustStore;
        this.trustStorePassword = builder.trustStorePassword;
        this.clientAuthentication = builder.clientAuthentication;
        this.verifiesHostName = builder.verifiesHostName;
        this.protocols = builder.protocols;
        this.cipherSuites = builder.cipherSuites;
        this.handshakeTimeoutMs = builder.handshakeTimeoutMs;
    }

    /** A builder with defaults. */
    public static Builder builder() {
        return new Builder();
    }

    Optional<Path> keyStore() {
        return keyStore;
    }

    String keyStorePassword() {
        return keyStorePassword;
    }

    String keyPassword() {
        return keyPassword;
    }

    Optional<Path> trustStore() {
        return trustStore;
    }

    String trustStorePassword() {
        return trustStorePassword;
    }

    ClientAuthentication clientAuthentication() {
        return clientAuthentication;
    }

    boolean verifiesHostName() {
        return verifiesHostName;
    }

    List<String> protocols() {
        return protocols;
    }

    List<String> cipherSuites() {
        return cipherSuites;
    }

    long handshakeTimeoutMs() {
        return handshakeTimeoutMs;
    }

    /** Names the files, and no password. */
    @Override
    public String toString() {
        return "TlsConfig[keyStore=" + keyStore + ", trustStore=" + trustStore + ", clientAuthentication="
                + clientAuthentication + ", protocols=" + protocols + "]";
    }

    /**
     * Collects values.
     *
     * <p>Threading: confined to one thread.
     */
    public static final class Builder {

        private Optional<Path> keyStore = Optional.empty();
        private String keyStorePassword = "";
        private String keyPassword = "";
        private Optional<Path> trustStore = Optional.empty();
        private String trustStorePassword = "";
        private ClientAuthentication clientAuthentication = ClientAuthentication.NONE;
        private boolean verifiesHostName = true;
        private List<String> protocols = List.of("TLSv1.3", "TLSv1.2");
        private List<String> cipherSuites = List.of();
        private long handshakeTimeoutMs = Duration.ofSeconds(10).toMillis();

        private Builder() {}

        /**
         * The key and the certificates that this end shows; a listener needs them, the end that connects only when it is asked. A PEM file
         * holds the key as PKCS#8, encrypted or not, and the certificates, the key's own first.
         *
         * @param password that of the store, and of the key unless it has its own; empty for none
         */
        public Builder keyStore(Path file, String password) {
            keyStore = Optional.of(file);
            keyStorePassword = password;
            return this;
        }

        /** Password of the key when it is not that of the store. */
        public Builder keyPassword(String password) {
            keyPassword = password;
            return this;
        }

        /**
         * The certificates that are trusted, as authorities or themselves. Default: those that the platform trusts.
         *
         * @param password empty for none
         */
        public Builder trustStore(Path file, String password) {
            trustStore = Optional.of(file);
            trustStorePassword = password;
            return this;
        }

        /** Whether a listener asks its clients who they are; default {@link ClientAuthentication#NONE}. */
        public Builder clientAuthentication(ClientAuthentication authentication) {
            clientAuthentication = authentication;
            return this;
        }

        /**
         * Whether the end that connects wants the certificate to be one for the host name or address that it has connected to, as HTTPS does;
         * default true. No name is looked up for it. Turned off only where all certificates of the authority are equally good.
         */
        public Builder verifiesHostName(boolean verifies) {
            verifiesHostName = verifies;
            return this;
        }

        /** Versions, TLSv1.3 or TLSv1.2; default both. */
        public Builder protocols(List<String> versions) {
            protocols = List.copyOf(versions);
            return this;
        }

        /** Cipher suites by their standard names, the best first; empty for those with forward secrecy and authenticated encryption. */
        public Builder cipherSuites(List<String> suites) {
            cipherSuites = List.copyOf(suites);
            return this;
        }

        /** Time in which both ends must have agreed, milliseconds, positive; default 10 seconds. */
        public Builder handshakeTimeoutMs(long timeoutMs) {
            handshakeTimeoutMs = timeoutMs;
            return this;
        }

        public TlsConfig build() {
            return new TlsConfig(this);
        }
    }
}
