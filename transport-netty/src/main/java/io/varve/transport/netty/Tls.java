// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.transport.netty;

import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.IdentityCipherSuiteFilter;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.SupportedCipherSuiteFilter;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.TrustManagerFactory;
import javax.security.auth.x500.X500Principal;
import org.jspecify.annotations.Nullable;

/**
 * Makes handlers that secure channels, by the platform's implementation of TLS.
 *
 * <p>Threading: immutable.
 */
final class Tls {

    private static final Set<String> PROTOCOLS = Set.of("TLSv1.3", "TLSv1.2");

    /** Those of RFC 9325 that have forward secrecy and authenticated encryption; the platform knows all, or leaves some out. */
    private static final List<String> CIPHER_SUITES = List.of(
            "TLS_AES_256_GCM_SHA384",
            "TLS_AES_128_GCM_SHA256",
            "TLS_CHACHA20_POLY1305_SHA256",
            "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
            "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
            "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
            "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
            "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
            "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256");

    private static final int DER_SEQUENCE = 0x30;
    private static final int JKS_MAGIC = 0xFE;
    private static final int JCEKS_MAGIC = 0xCE;

    private final TlsConfig config;
    private final SslContext context;

    private Tls(TlsConfig config, SslContext context) {
        this.config = config;
        this.context = context;
    }

    /**
     * Reads the files for a listener.
     *
     * @throws IllegalArgumentException when a file cannot be used, or there is no key
     */
    static Tls ofListener(TlsConfig config) {
        Path file = config.keyStore()
                .orElseThrow(() -> new IllegalArgumentException("a listener with TLS needs a key: name a key store"));
        SslContextBuilder builder = read(
                "key store",
                file,
                () -> isPem(file)
                        ? SslContextBuilder.forServer(file.toFile(), file.toFile(), keyPassword(config))
                        : SslContextBuilder.forServer(keys(file, config)));
        builder.clientAuth(
                switch (config.clientAuthentication()) {
                    case NONE -> ClientAuth.NONE;
                    case WANT -> ClientAuth.OPTIONAL;
                    case NEED -> ClientAuth.REQUIRE;
                });
        return new Tls(config, build(config, builder));
    }

    /**
     * Reads the files for the end that connects.
     *
     * @throws IllegalArgumentException when a file cannot be used
     */
    static Tls ofConnector(TlsConfig config) {
        SslContextBuilder builder = SslContextBuilder.forClient();
        config.keyStore()
                .ifPresent(file -> read(
                        "key store",
                        file,
                        () -> isPem(file)
                                ? builder.keyManager(file.toFile(), file.toFile(), keyPassword(config))
                                : builder.keyManager(keys(file, config))));
        builder.endpointIdentificationAlgorithm(config.verifiesHostName() ? "HTTPS" : null);
        return new Tls(config, build(config, builder));
    }

    private static SslContext build(TlsConfig config, SslContextBuilder builder) {
        config.trustStore()
                .ifPresent(file -> read(
                        "trust store",
                        file,
                        () -> isPem(file)
                                ? builder.trustManager(file.toFile())
                                : builder.trustManager(trust(file, config))));
        if (!PROTOCOLS.containsAll(config.protocols()) || config.protocols().isEmpty()) {
            throw new IllegalArgumentException(
                    "versions of TLS out of range: protocols=" + config.protocols() + ", known=" + PROTOCOLS);
        }
        builder.sslProvider(SslProvider.JDK).protocols(config.protocols());
        try {
            if (config.cipherSuites().isEmpty()) {
                builder.ciphers(CIPHER_SUITES, SupportedCipherSuiteFilter.INSTANCE);
            } else {
                List<String> unknown = new ArrayList<>(config.cipherSuites());
                unknown.removeAll(Arrays.asList(
                        SSLContext.getDefault().getSupportedSSLParameters().getCipherSuites()));
                if (!unknown.isEmpty()) {
                    throw new IllegalArgumentException("cipher suites that the platform does not know: " + unknown);
                }
                builder.ciphers(config.cipherSuites(), IdentityCipherSuiteFilter.INSTANCE);
            }
            return builder.build();
        } catch (SSLException | GeneralSecurityException e) {
            throw new IllegalArgumentException("TLS cannot be set up: config=" + config + ", reason=" + e, e);
        }
    }

    private static @Nullable String keyPassword(TlsConfig config) {
        String password = config.keyPassword().isEmpty() ? config.keyStorePassword() : config.keyPassword();
        return password.isEmpty() ? null : password;
    }

    private static KeyManagerFactory keys(Path file, TlsConfig config) throws IOException, GeneralSecurityException {
        KeyStore store = open(file, config.keyStorePassword());
        boolean hasKey = false;
        for (String alias : Collections.list(store.aliases())) {
            hasKey |= store.isKeyEntry(alias);
        }
        if (!hasKey) {
            throw new IOException("there is no key in it");
        }
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        String password = keyPassword(config);
        keys.init(store, password == null ? null : password.toCharArray());
        return keys;
    }

    private static TrustManagerFactory trust(Path file, TlsConfig config) throws IOException, GeneralSecurityException {
        KeyStore store = open(file, config.trustStorePassword());
        if (store.size() == 0) {
            throw new IOException("there is no certificate in it that is marked as trusted");
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        return trust;
    }

    private interface FileUse<T> {
        T run() throws IOException, GeneralSecurityException;
    }

    private static <T> T read(String what, Path file, FileUse<T> use) {
        try {
            return use.run();
        } catch (IOException | GeneralSecurityException | IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "a " + what + " cannot be used: file=" + file + ", reason=" + e
                            + "; is it PKCS12, JKS or PEM (keys as PKCS#8), and is the password right?",
                    e);
        }
    }

    private static KeyStore open(Path file, String password) throws IOException, GeneralSecurityException {
        return KeyStore.getInstance(file.toFile(), password.isEmpty() ? null : password.toCharArray());
    }

    private static boolean isPem(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            int first = in.read();
            return first != DER_SEQUENCE && first != JKS_MAGIC && first != JCEKS_MAGIC;
        }
    }

    /** A handler for the listener's end. */
    SslHandler accepting(ByteBufAllocator allocator) {
        return withTimeout(context.newHandler(allocator));
    }

    /** A handler for the end that connects; the certificate must be one for the name, or the literal address, that was connected to. */
    SslHandler connecting(ByteBufAllocator allocator, InetSocketAddress remote) {
        return withTimeout(context.newHandler(allocator, remote.getHostString(), remote.getPort()));
    }

    private SslHandler withTimeout(SslHandler handler) {
        handler.setHandshakeTimeoutMillis(config.handshakeTimeoutMs());
        return handler;
    }

    /** Who the peer has proved to be. */
    static Optional<X500Principal> peerPrincipal(SslHandler handler) {
        try {
            return handler.engine().getSession().getPeerPrincipal() instanceof X500Principal principal
                    ? Optional.of(principal)
                    : Optional.empty();
        } catch (SSLPeerUnverifiedException e) {
            return Optional.empty();
        }
    }
}
