// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

import java.util.List;

/**
 * Who may do what with a node; an element of its access list.
 *
 * <p>Threading: immutable.
 *
 * @param permissions union of the constants of this record
 * @param scheme kind of identity: world, auth, digest, ip, x509, super
 * @param id the identity in the terms of its scheme
 */
public record Acl(int permissions, String scheme, String id) {

    /** Read the data, list the children. */
    public static final int READ = 1;
    /** Set the data. */
    public static final int WRITE = 2;
    /** Create a child. */
    public static final int CREATE = 4;
    /** Delete a child. */
    public static final int DELETE = 8;
    /** Set the access list. */
    public static final int ADMIN = 16;
    /** All of them. */
    public static final int ALL = 31;

    /** Everybody may do everything. */
    public static final List<Acl> OPEN = List.of(new Acl(ALL, "world", "anyone"));
    /** Everybody may read. */
    public static final List<Acl> READ_ONLY = List.of(new Acl(READ, "world", "anyone"));
    /** Who creates the node may do everything, by each of his identities. */
    public static final List<Acl> CREATOR = List.of(new Acl(ALL, "auth", ""));

    /** Whether a list lets somebody do what a permission stands for. */
    public static boolean permits(List<Acl> list, int permission, List<Identity> identities) {
        return AclRules.permits(list, permission, identities);
    }

    /** A list for those who may {@link #READ} a node and not {@link #ADMIN} it: without the hashes of passwords. */
    public static List<Acl> withoutHashes(List<Acl> list) {
        return AclRules.withoutHashes(list);
    }
}
