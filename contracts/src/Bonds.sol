// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";

/**
 * @dev What nodes stand to lose.
 *
 * A node is the address of its secp256k1 key, which is its peer id as well. Its operator is the account that put the
 * stake up: only the operator adds to it, thaws it and takes it back, so a key stolen from a running node moves no
 * money. A node that pays for itself is its own operator.
 *
 * Stake on its way out thaws first and can be slashed until it is withdrawn. Weight is stake that is not thawing; it
 * is checkpointed by block, so that a committee can be drawn from weights older than its seed.
 *
 * Nothing here can be stopped, and nothing can be seized except through {slash}, whose callers the authority (an
 * AccessManager) names. The token has to move exactly what it is asked to: no fee on transfer, no rebasing.
 */
contract Bonds is AccessManaged, EIP712, Nonces {
    using Checkpoints for Checkpoints.Trace208;
    using SafeERC20 for IERC20;

    struct Bond {
        address operator;
        /// Unix seconds at which all that is thawing may be withdrawn.
        uint48 thawedAt;
        uint208 thawing;
        /// Stake by block; the latest is the stake now.
        Checkpoints.Trace208 weight;
    }

    bytes32 private constant REGISTER_TYPEHASH =
        keccak256("Register(address node,address operator,uint256 nonce,uint256 deadline)");

    IERC20 private immutable _token;
    uint48 private immutable _thawSeconds;

    mapping(address node => Bond) private _bonds;
    Checkpoints.Trace208 private _totalWeight;

    event NodeRegistered(address indexed node, address indexed operator);
    event NodeDescribed(address indexed node, string metadata);
    event StakeAdded(address indexed node, uint256 amount, uint256 stake);
    event StakeThawing(address indexed node, uint256 amount, uint256 stake, uint256 thawedAt);
    event StakeWithdrawn(address indexed node, address indexed operator, uint256 amount);
    event NodeSlashed(address indexed node, address indexed recipient, uint256 amount, uint256 stake);

    /// The node has stake or thawing stake under an operator, who has to withdraw it first.
    error BondsAlreadyRegistered(address node, address operator);
    error BondsExpiredConsent(uint256 deadline);
    /// The node's signature does not name this operator.
    error BondsInvalidConsent(address node, address operator);
    error BondsUnauthorizedOperator(address node, address account);
    error BondsZeroAmount();
    error BondsInsufficientStake(address node, uint256 stake, uint256 amount);
    error BondsNothingThawing(address node);
    error BondsStillThawing(address node, uint256 thawedAt);
    /// Only blocks that are over have a weight that cannot change any more.
    error BondsFutureLookup(uint256 blockNumber, uint256 currentBlock);

    constructor(IERC20 token_, address authority_, uint48 thawSeconds_)
        AccessManaged(authority_)
        EIP712("Holdfast", "1")
    {
        _token = token_;
        _thawSeconds = thawSeconds_;
    }

    modifier onlyOperator(address node) {
        if (msg.sender != _bonds[node].operator) revert BondsUnauthorizedOperator(node, msg.sender);
        _;
    }

    // ---------------------------------------------------------------- what an operator does

    /**
     * @dev Makes the caller the operator of `node` and stakes `amount`, which may be 0. A caller that is not the node
     * itself brings the node's consent: an EIP-712 signature over {REGISTER_TYPEHASH}'s fields with the node's next
     * nonce, so the node's key needs no gas and nobody can claim a node that did not agree. `metadata` lives in the
     * event only.
     */
    function register(
        address node,
        uint256 amount,
        string calldata metadata,
        uint256 deadline,
        bytes calldata consent
    ) external {
        Bond storage bond = _bonds[node];
        if (bond.weight.latest() != 0 || bond.thawing != 0) {
            revert BondsAlreadyRegistered(node, bond.operator);
        }
        if (msg.sender != node) _checkConsent(node, msg.sender, deadline, consent);
        bond.operator = msg.sender;
        emit NodeRegistered(node, msg.sender);
        emit NodeDescribed(node, metadata);
        if (amount != 0) _stake(node, amount);
    }

    /// @dev Adds to the node's stake. Weight counts from the next block on.
    function stake(address node, uint256 amount) external onlyOperator(node) {
        _stake(node, amount);
    }

    /**
     * @dev Takes `amount` out of the node's weight and starts the thaw. There is one thaw per node: thawing more
     * starts the clock anew for all of it.
     */
    function thaw(address node, uint256 amount) external onlyOperator(node) {
        if (amount == 0) revert BondsZeroAmount();
        Bond storage bond = _bonds[node];
        uint208 current = bond.weight.latest();
        if (amount > current) revert BondsInsufficientStake(node, current, amount);
        uint48 thawedAt = uint48(block.timestamp) + _thawSeconds;
        // forge-lint: disable-next-line(unsafe-typecast) -- `amount` is at most `current`, a uint208.
        bond.thawing += uint208(amount);
        bond.thawedAt = thawedAt;
        uint208 left = _reduceWeight(bond, amount);
        emit StakeThawing(node, amount, left, thawedAt);
    }

    /// @dev Pays what has thawed to the operator.
    function withdraw(address node) external onlyOperator(node) {
        Bond storage bond = _bonds[node];
        uint256 amount = bond.thawing;
        if (amount == 0) revert BondsNothingThawing(node);
        if (block.timestamp < bond.thawedAt) revert BondsStillThawing(node, bond.thawedAt);
        bond.thawing = 0;
        emit StakeWithdrawn(node, msg.sender, amount);
        _token.safeTransfer(msg.sender, amount);
    }

    /// @dev Replaces the node's metadata, which lives in the event only.
    function describe(address node, string calldata metadata) external onlyOperator(node) {
        emit NodeDescribed(node, metadata);
    }

    // ---------------------------------------------------------------- what a judge does

    /**
     * @dev Takes up to `amount` from the node, stake first and thawing stake after it, and pays it to `recipient`.
     * Returns what was there to take: two verdicts that meet in one block both do what they can.
     */
    function slash(address node, uint256 amount, address recipient)
        external
        restricted
        returns (uint256 taken)
    {
        Bond storage bond = _bonds[node];
        uint256 current = bond.weight.latest();
        uint256 fromStake = amount < current ? amount : current;
        uint256 rest = amount - fromStake;
        uint256 fromThawing = rest < bond.thawing ? rest : bond.thawing;
        uint256 left = fromStake == 0 ? current : _reduceWeight(bond, fromStake);
        // forge-lint: disable-next-line(unsafe-typecast) -- at most `bond.thawing`, a uint208.
        bond.thawing -= uint208(fromThawing);
        taken = fromStake + fromThawing;
        emit NodeSlashed(node, recipient, taken, left);
        _token.safeTransfer(recipient, taken);
    }

    // ---------------------------------------------------------------- what anyone reads

    function token() external view returns (IERC20) {
        return _token;
    }

    function thawSeconds() external view returns (uint48) {
        return _thawSeconds;
    }

    function bondOf(address node)
        external
        view
        returns (address operator, uint256 stake_, uint256 thawing, uint256 thawedAt)
    {
        Bond storage bond = _bonds[node];
        return (bond.operator, bond.weight.latest(), bond.thawing, bond.thawedAt);
    }

    /// @dev Stakes of many nodes in one call, in the order asked. 0 for nodes that are not registered.
    function stakesOf(address[] calldata nodes) external view returns (uint256[] memory stakes) {
        stakes = new uint256[](nodes.length);
        for (uint256 i = 0; i < nodes.length; ++i) {
            stakes[i] = _bonds[nodes[i]].weight.latest();
        }
    }

    /// @dev Weight of a node at the end of a block that is over.
    function weightAt(address node, uint256 blockNumber) external view returns (uint256) {
        return _bonds[node].weight.upperLookupRecent(_checkPast(blockNumber));
    }

    /// @dev Sum of all weights now.
    function totalWeight() external view returns (uint256) {
        return _totalWeight.latest();
    }

    /// @dev Sum of all weights at the end of a block that is over.
    function totalWeightAt(uint256 blockNumber) external view returns (uint256) {
        return _totalWeight.upperLookupRecent(_checkPast(blockNumber));
    }

    // ---------------------------------------------------------------- internals

    function _stake(address node, uint256 amount) private {
        if (amount == 0) revert BondsZeroAmount();
        Bond storage bond = _bonds[node];
        uint208 added = SafeCast.toUint208(amount);
        uint208 current = bond.weight.latest() + added;
        bond.weight.push(_now(), current);
        _totalWeight.push(_now(), _totalWeight.latest() + added);
        emit StakeAdded(node, amount, current);
        _token.safeTransferFrom(msg.sender, address(this), amount);
    }

    /// Callers have checked that `amount` is within the node's weight, and so within uint208.
    function _reduceWeight(Bond storage bond, uint256 amount) private returns (uint208 left) {
        // forge-lint: disable-next-line(unsafe-typecast) -- see above.
        uint208 removed = uint208(amount);
        left = bond.weight.latest() - removed;
        bond.weight.push(_now(), left);
        _totalWeight.push(_now(), _totalWeight.latest() - removed);
    }

    function _checkConsent(address node, address operator, uint256 deadline, bytes calldata consent) private {
        if (block.timestamp > deadline) revert BondsExpiredConsent(deadline);
        bytes32 structHash =
            keccak256(abi.encode(REGISTER_TYPEHASH, node, operator, _useNonce(node), deadline));
        (address signer,,) = ECDSA.tryRecoverCalldata(_hashTypedDataV4(structHash), consent);
        // A signature that is none recovers the zero address, which must not pass for a node.
        if (signer == address(0) || signer != node) revert BondsInvalidConsent(node, operator);
    }

    function _checkPast(uint256 blockNumber) private view returns (uint48) {
        if (blockNumber >= block.number) revert BondsFutureLookup(blockNumber, block.number);
        return SafeCast.toUint48(blockNumber);
    }

    function _now() private view returns (uint48) {
        return uint48(block.number);
    }
}
