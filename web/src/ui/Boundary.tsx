import { Component, type ReactNode } from "react";
import { ErrorState } from "./ErrorState";

/** Keeps a part that fails from taking the page with it. */
export class Boundary extends Component<{ children: ReactNode }, { error: unknown }> {
  override state: { error: unknown } = { error: null };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override render() {
    if (this.state.error === null) return this.props.children;
    return (
      <div className="p-4">
        <ErrorState error={this.state.error} retry={() => this.setState({ error: null })} />
      </div>
    );
  }
}
