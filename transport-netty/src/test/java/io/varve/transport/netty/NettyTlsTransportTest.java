// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.transport.netty;

import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;

/** The contract over TLS, with both ends showing who they are. */
class NettyTlsTransportTest extends NettyTransportTest {

    private static TlsConfig tls;

    @BeforeAll
    static void makeKeys() {
        if (tls != null) {
            return; // for another interface to the system
        }
        Certificates certificates = new Certificates("contract");
        Path keyStore = certificates.keyStore("both", "EC", "dns:localhost,ip:127.0.0.1");
        tls = TlsConfig.builder()
                .keyStore(keyStore, Certificates.PASSWORD)
                .trustStore(certificates.trustStore("trust", "PKCS12", keyStore), Certificates.PASSWORD)
                .clientAuthentication(TlsConfig.ClientAuthentication.NEED)
                .build();
    }

    @Override
    ListenerConfig.Builder listenerConfig() {
        return super.listenerConfig().tls(tls);
    }

    @Override
    ConnectorConfig.Builder connectorConfig() {
        return super.connectorConfig().tls(tls);
    }
}
