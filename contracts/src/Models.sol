// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/**
 * @dev The models there are, by the SHA-256 digest of their manifest (or of their single weight file).
 *
 * Append-only: a record is written once and never changes, except that its registrant may mark it deprecated, once.
 * Manifest and parents live in the event; storage holds one slot a model.
 *
 * Anyone may register any digest, first come first served. A record says that somebody named this digest at this
 * block; it is no claim of authorship and no word about quality. A deprecation is its registrant's advice.
 */
contract Models {
    struct Record {
        address registrant;
        uint48 registeredAt;
        bool deprecated;
    }

    mapping(bytes32 digest => Record) private _records;

    event ModelRegistered(
        bytes32 indexed digest, address indexed registrant, string manifestUri, bytes32[] parents
    );
    event ModelDeprecated(bytes32 indexed digest, string reason);

    error ModelsZeroDigest();
    error ModelsAlreadyRegistered(bytes32 digest, address registrant);
    /// Parents come first, so the graph of descent has no circle and no invented ancestors.
    error ModelsUnknownParent(bytes32 parent);
    error ModelsUnauthorizedRegistrant(bytes32 digest, address account);
    error ModelsAlreadyDeprecated(bytes32 digest);

    /// @dev Records `digest` for ever. `parents` are registered models it was made from, none for an original.
    function register(bytes32 digest, string calldata manifestUri, bytes32[] calldata parents) external {
        if (digest == 0) revert ModelsZeroDigest();
        address known = _records[digest].registrant;
        if (known != address(0)) revert ModelsAlreadyRegistered(digest, known);
        for (uint256 i = 0; i < parents.length; ++i) {
            if (!isRegistered(parents[i])) revert ModelsUnknownParent(parents[i]);
        }
        _records[digest] = Record(msg.sender, uint48(block.number), false);
        emit ModelRegistered(digest, msg.sender, manifestUri, parents);
    }

    /// @dev Advises against a model the caller registered. It stays registered, and this cannot be undone.
    function deprecate(bytes32 digest, string calldata reason) external {
        Record storage record = _records[digest];
        if (msg.sender != record.registrant) revert ModelsUnauthorizedRegistrant(digest, msg.sender);
        if (record.deprecated) revert ModelsAlreadyDeprecated(digest);
        record.deprecated = true;
        emit ModelDeprecated(digest, reason);
    }

    function isRegistered(bytes32 digest) public view returns (bool) {
        return _records[digest].registrant != address(0);
    }

    /// @dev The same for many digests in one call, in the order asked.
    function areRegistered(bytes32[] calldata digests) external view returns (bool[] memory registered) {
        registered = new bool[](digests.length);
        for (uint256 i = 0; i < digests.length; ++i) {
            registered[i] = isRegistered(digests[i]);
        }
    }

    /// @dev Zeros for a digest nobody registered. `registeredAt` is a block number.
    function recordOf(bytes32 digest)
        external
        view
        returns (address registrant, uint256 registeredAt, bool deprecated)
    {
        Record storage record = _records[digest];
        return (record.registrant, record.registeredAt, record.deprecated);
    }
}
