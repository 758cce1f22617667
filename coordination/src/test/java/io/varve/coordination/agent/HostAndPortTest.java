// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.Test;

class HostAndPortTest {

    @Test
    void shouldListenEverywhereOrAtOneAddress() {
        assertThat(HostAndPort.local("127.0.0.1:2888", true)).isEqualTo(new InetSocketAddress(2888));
        assertThat(HostAndPort.local("127.0.0.1:2888", false))
                .isEqualTo(new InetSocketAddress(InetAddress.getLoopbackAddress(), 2888));
        assertThat(HostAndPort.local("192.0.2.1:2888", false))
                .as("one that is not this machine's, by RFC 5737")
                .isEqualTo(new InetSocketAddress(2888));
    }
}
