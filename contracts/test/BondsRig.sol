// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {Bonds} from "../src/Bonds.sol";
import {Hold} from "../src/Hold.sol";
import {Test} from "./Test.sol";

/// A bond contract with its token and authority; this contract holds all tokens and administers the authority.
abstract contract BondsRig is Test {
    uint64 internal constant SLASHER = 1;
    uint48 internal constant THAW_SECONDS = 7 days;
    uint256 internal constant SUPPLY = 1_000_000 ether;

    Hold internal hold;
    AccessManager internal manager;
    Bonds internal bonds;

    function deployBonds() internal {
        hold = new Hold(address(this), SUPPLY);
        manager = new AccessManager(address(this));
        bonds = new Bonds(hold, address(manager), THAW_SECONDS);
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = Bonds.slash.selector;
        manager.setTargetFunctionRole(address(bonds), selectors, SLASHER);
    }

    function fund(address account, uint256 amount) internal {
        assertTrue(hold.transfer(account, amount), "transfer");
        vm.prank(account);
        hold.approve(address(bonds), type(uint256).max);
    }

    /// What a node signs to let `operator` bond it, built by hand from EIP-712 and not by the contract's own code.
    function consentOf(uint256 nodeKey, address operator, uint256 deadline) internal returns (bytes memory) {
        address node = vm.addr(nodeKey);
        bytes32 domain = keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
                ),
                keccak256("Holdfast"),
                keccak256("1"),
                block.chainid,
                address(bonds)
            )
        );
        bytes32 message = keccak256(
            abi.encode(
                keccak256("Register(address node,address operator,uint256 nonce,uint256 deadline)"),
                node,
                operator,
                bonds.nonces(node),
                deadline
            )
        );
        (uint8 v, bytes32 r, bytes32 s) =
            vm.sign(nodeKey, keccak256(abi.encodePacked(hex"1901", domain, message)));
        return abi.encodePacked(r, s, v);
    }

    function stakeOf(address node) internal view returns (uint256 stake) {
        (, stake,,) = bonds.bondOf(node);
    }

    function thawingOf(address node) internal view returns (uint256 thawing) {
        (,, thawing,) = bonds.bondOf(node);
    }

    function operatorOf(address node) internal view returns (address operator) {
        (operator,,,) = bonds.bondOf(node);
    }
}
