// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

/**
 * Who a connection is, by one scheme.
 *
 * <p>Threading: immutable.
 *
 * @param scheme ip, digest, x509 or super
 * @param id the address, {@code user:hash} with the hash as in access lists, or the distinguished name
 */
public record Identity(String scheme, String id) {

    /** May do everything. */
    public static final Identity SUPER = new Identity("super", "");
}
